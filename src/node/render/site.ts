import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Environment } from "../config/secrets.ts";
import { accountOf } from "./accounts.ts";
import { findNginx, type NginxBinary } from "./nginx_binary.ts";
import { packageRoot } from "./package_root.ts";

/** What rendering has to know of the machine; everything else comes from the configuration. */
export interface Site {
  readonly nginx: NginxBinary;
  /** Where the Lua side is: `diversion/`, `admin/`, `dygateway/`, `lib/`. */
  readonly install: string;
  /** `null`: nothing to say, as nginx is not started by root or has a sensible user built in. */
  readonly workerUser: string | null;
}

export type SiteLookup = { readonly ok: true; readonly site: Site } | { readonly ok: false; readonly reason: string };

export function surveySite(config: Config, environment: Environment): SiteLookup {
  const found = findNginx(config.paths, environment);
  if (!found.ok) return found;
  return {
    ok: true,
    site: {
      nginx: { ...found.nginx, mimeTypes: config.paths.mime_types ?? found.nginx.mimeTypes },
      install: config.paths.install ?? installedAt(),
      workerUser: config.workers.user ?? (process.getuid?.() === 0 ? webUser() : null),
    },
  };
}

/** The prefix this command was installed to, the build output of a checkout, or else the usual prefix. */
function installedAt(): string {
  const root = packageRoot();
  const holdsGateway = (folder: string): boolean => existsSync(join(folder, "diversion", "diversion.lua"));
  if (holdsGateway(root)) return root;
  const built = join(root, "lua-out");
  return holdsGateway(built) ? built : "/usr/local/dygateway";
}

/** The user web servers have here: www-data (Debian), nginx (Red Hat), else whom this nginx was built for. */
function webUser(): string | null {
  return ["www-data", "nginx"].find((user) => accountOf(user) !== null) ?? null;
}
