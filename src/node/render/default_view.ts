import { adminAddressOf, listenersOf, listenersOfHost } from "../config/model.ts";
import type { Config } from "../config/schema.ts";
import { nginxSize } from "../config/units.ts";
import { listenAddress, listenArguments } from "./listen_view.ts";
import { nginxText, type NginxToken } from "./nginx_quote.ts";
import type { Site } from "./site.ts";
import type { Target } from "./target.ts";

export interface DefaultView {
  readonly adminListen: NginxToken;
  readonly maxBody: NginxToken;
  readonly adminAction: NginxToken;
  /** Listeners on which no host answers for unknown names. */
  readonly catchAll: readonly { readonly listen: readonly NginxToken[]; readonly tls: boolean }[];
}

export function defaultView(config: Config, site: Site, target: Target): DefaultView {
  const listeners = listenersOf(config);
  const answered = config.hosts
    .filter((host) => host.default_server)
    .flatMap((host) => listenersOfHost(host, listeners).map((listener) => listener.name));
  return {
    adminListen: listenAddress(adminAddressOf(config), target),
    maxBody: nginxText(nginxSize(config.admin.max_body)),
    adminAction: nginxText(`${site.install}/admin/ab_action.lua`),
    catchAll: listeners
      .filter((listener) => !answered.includes(listener.name))
      .map((listener) => ({ listen: listenArguments(listener, true, target), tls: listener.tls })),
  };
}
