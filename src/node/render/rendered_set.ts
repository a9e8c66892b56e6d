import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import { fileNameOf } from "../config/model.ts";
import { defaultView } from "./default_view.ts";
import { hostView } from "./host_view.ts";
import { nginxView } from "./nginx_view.ts";
import { packageRoot } from "./package_root.ts";
import { redisView } from "./redis_view.ts";
import { gatewaySettings } from "./settings.ts";
import type { Site } from "./site.ts";
import type { Target } from "./target.ts";
import { fillTemplate } from "./templates.ts";
import { withDynamicUpstreams } from "./upstream_conf.ts";
import { upstreamViews } from "./upstream_view.ts";

export interface RenderedFile {
  /** Relative to the output directory. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

const readable = 0o644;
/** Files that hold secrets; nginx and Redis read them before they give up root. */
const guarded = 0o640;

/**
 * Every file of a configuration, in memory. Nothing is written, and nothing is read but templates.
 *
 * @param upstreamConf what the upstream.conf in place holds, "" where there is none: the upstreams set at run time stay.
 */
export function renderSet(loaded: LoadedConfig, site: Site, target: Target, upstreamConf: string): RenderedFile[] {
  const { config, secrets } = loaded;
  const file = (path: string, text: string, mode = readable): RenderedFile => ({ path, text, mode });
  const settings = `${JSON.stringify(gatewaySettings(loaded, target), null, 2)}\n`;
  const mimeTypes =
    site.nginx.mimeTypes === null
      ? [file("mime.types", readFileSync(join(packageRoot(), "nginx", "mime.types"), "utf8"))]
      : [];
  return [
    file("dygateway.json", settings, guarded),
    ...mimeTypes,
    file("redis.conf", fillTemplate("redis.conf", redisView(loaded, target)), secrets.redisPassword === null ? readable : guarded),
    file("upstream.conf", withDynamicUpstreams(fillTemplate("upstream.conf", { upstreams: upstreamViews(config) }), upstreamConf)),
    ...config.hosts.map((host) => file(fileNameOf(host), fillTemplate("vhost.conf", hostView(host, config, site, target)))),
    file("default.conf", fillTemplate("default.conf", defaultView(config, site, target))),
    file("nginx.conf", fillTemplate("nginx.conf", nginxView(config, site, target))),
  ];
}
