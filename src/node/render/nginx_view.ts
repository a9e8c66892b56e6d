import { join } from "node:path";
import { listOf } from "../config/model.ts";
import type { Config } from "../config/schema.ts";
import { nginxSize, nginxTime } from "../config/units.ts";
import { luaString, type LuaToken } from "./lua_quote.ts";
import { nginxNumber, nginxQuoted, nginxText, type NginxToken } from "./nginx_quote.ts";
import type { Site } from "./site.ts";
import type { Target } from "./target.ts";
import { logsEverywhere } from "./whole.ts";

export interface NginxView {
  readonly modules: readonly NginxToken[];
  readonly user: NginxToken | null;
  readonly processes: NginxToken;
  readonly openFiles: NginxToken;
  readonly shutdownTimeout: NginxToken | null;
  readonly connections: NginxToken;
  readonly pid: NginxToken;
  readonly errorLog: NginxToken;
  readonly level: NginxToken;
  readonly mimeTypes: NginxToken;
  readonly accessLog: NginxToken;
  readonly accessLogOff: boolean;
  readonly temporary: readonly { readonly directive: NginxToken; readonly path: NginxToken }[];
  readonly trusted: readonly NginxToken[];
  readonly packagePath: NginxToken;
  readonly sharedDict: NginxToken;
  readonly settings: LuaToken;
  /** The blocks that dynamic upstreams go through; `null`: another gateway serves them. */
  readonly balancer: {
    readonly keepalive: NginxToken;
    readonly keepaliveTimeout: NginxToken;
    /** Whether every request ends in our log phase. */
    readonly logs: boolean;
  } | null;
  readonly includes: readonly NginxToken[];
}

export function nginxView(config: Config, site: Site, target: Target): NginxView {
  const { workers, logging } = config;
  const access = logging.access ?? join(target.logs, "access.log");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => ({
    directive: nginxText(`${name}_temp_path`),
    path: nginxText(join(target.run, name)),
  }));
  return {
    modules: site.nginx.modules.map(nginxText),
    user: site.workerUser === null ? null : nginxText(site.workerUser),
    processes: nginxText(String(workers.processes)),
    openFiles: nginxNumber(workers.open_files ?? workers.connections * 2),
    shutdownTimeout: workers.shutdown_timeout === undefined ? null : nginxText(nginxTime(workers.shutdown_timeout)),
    connections: nginxNumber(workers.connections),
    pid: nginxText(join(target.run, "nginx.pid")),
    errorLog: nginxText(target.created(logging.error ?? join(target.logs, "error.log"))),
    level: nginxText(logging.level),
    mimeTypes: nginxText(site.nginx.mimeTypes ?? "mime.types"),
    accessLog: nginxText(access === "off" ? access : target.created(access)),
    accessLogOff: access === "off",
    temporary,
    trusted: config.trusted_proxies.map(geoNetwork),
    packagePath: nginxQuoted(`${site.install}/?.lua;${site.install}/lib/?.lua;;`),
    sharedDict: nginxText(nginxSize(workers.shared_dict)),
    settings: luaString(join(target.directory, "dygateway.json")),
    balancer: balancerView(config),
    includes: listOf(config.include).map(nginxText),
  };
}

function balancerView(config: Config): NginxView["balancer"] {
  const { dynamic_upstreams: dynamic } = config;
  if (dynamic.engine !== "balancer") return null;
  return {
    keepalive: nginxNumber(dynamic.keepalive),
    keepaliveTimeout: nginxText(nginxTime(dynamic.keepalive_timeout)),
    logs: logsEverywhere(config),
  };
}

/** In nginx' geo, a peer on a unix socket has the address 255.255.255.255. */
const geoNetwork = (network: string): NginxToken => nginxText(network === "unix:" ? "255.255.255.255" : network);
