import {
  defaultUpstreamAt,
  divertsAt,
  hostkeyAt,
  listenersOf,
  listenersOfHost,
  listOf,
  serverNamesOf,
} from "../config/model.ts";
import type { Config, HostConfig, LocationConfig, ProxyConfig } from "../config/schema.ts";
import { nginxSize, nginxTime, type Time } from "../config/units.ts";
import { listenArguments } from "./listen_view.ts";
import { nginxHostkey, nginxPattern, nginxQuoted, nginxText, type NginxToken } from "./nginx_quote.ts";
import { luaNil, luaString, type LuaToken } from "./lua_quote.ts";
import type { Site } from "./site.ts";
import type { Target } from "./target.ts";
import { isWhole, logsEverywhere } from "./whole.ts";

export interface HostView {
  readonly listens: readonly (readonly NginxToken[])[];
  readonly serverNames: readonly NginxToken[];
  readonly tls: {
    readonly certificate: NginxToken;
    readonly certificateKey: NginxToken;
    readonly protocols: readonly NginxToken[];
  } | null;
  /** `null`: as the others; the format is ours unless the log is off. */
  readonly accessLog: { readonly path: NginxToken; readonly off: boolean } | null;
  readonly includes: readonly NginxToken[];
  readonly locations: readonly LocationView[];
}

export interface LocationView {
  readonly match: readonly NginxToken[];
  readonly hostkey: NginxToken;
  readonly upstream: NginxToken;
  /** The Lua file of the rewrite phase; `null`: no diversion here. */
  readonly diversion: NginxToken | null;
  /** Where nothing is diverted: whether the default upstream may be one that changes at run time. */
  readonly balancing: boolean;
  /**
   * Where nothing in the location is unknown to us: what `set_by_lua_block` is told, and the way is chosen there.
   * `null`: the rewrite phase decides, as in a location written by hand.
   */
  readonly chooses: { readonly hostkey: LuaToken; readonly upstream: LuaToken } | null;
  /** Whether requests to dynamic upstreams end in a log phase of their own: else all have one, or none. */
  readonly logs: boolean;
  readonly proxy: readonly { readonly directive: NginxToken; readonly value: NginxToken }[];
  readonly includes: readonly NginxToken[];
}

export function hostView(host: HostConfig, config: Config, site: Site, target: Target): HostView {
  const listeners = listenersOfHost(host, listenersOf(config));
  return {
    listens: listeners.map((listener) => listenArguments(listener, host.default_server, target)),
    serverNames: serverNamesOf(host).map(nginxPattern),
    tls:
      host.tls === undefined
        ? null
        : {
            certificate: nginxText(host.tls.certificate),
            certificateKey: nginxText(host.tls.certificate_key),
            protocols: host.tls.protocols.map(nginxText),
          },
    accessLog: accessLogView(host.access_log, target),
    includes: listOf(host.include).map(nginxText),
    locations: host.locations.map((location) => locationView(host, location, config, site)),
  };
}

function accessLogView(log: string | undefined, target: Target): HostView["accessLog"] {
  if (log === undefined) return null;
  const off = log === "off";
  return { path: nginxText(off ? log : target.created(log)), off };
}

function locationView(host: HostConfig, location: LocationConfig, config: Config, site: Site): LocationView {
  const diverts = divertsAt(host, location);
  const balancing = config.dynamic_upstreams.engine === "balancer";
  const modifier = location.match === "prefix" ? [] : [nginxText(location.match)];
  return {
    // nginx compares it with the URI as it is, so that a `$` here is no variable in any kind of location.
    match: [...modifier, nginxPattern(location.path)],
    hostkey: nginxHostkey(hostkeyAt(host, location)),
    upstream: nginxQuoted(defaultUpstreamAt(host, location) ?? ""),
    diversion: diverts ? nginxText(`${site.install}/diversion/diversion.lua`) : null,
    balancing,
    chooses: (diverts || balancing) && isWhole(config, host, location) ? chooses(host, location) : null,
    logs: balancing && !logsEverywhere(config),
    proxy: proxyView({ ...host.proxy, ...location.proxy }),
    includes: listOf(location.include).map(nginxText),
  };
}

function chooses(host: HostConfig, location: LocationConfig): LocationView["chooses"] {
  const hostkey = hostkeyAt(host, location);
  return {
    // With variables it must be read from $hostkey.
    hostkey: hostkey.includes("$") ? luaNil : luaString(hostkey),
    upstream: luaString(defaultUpstreamAt(host, location) ?? ""),
  };
}

function proxyView(proxy: ProxyConfig): LocationView["proxy"] {
  const time = (value: Time | undefined): string | undefined => (value === undefined ? value : nginxTime(value));
  const settings: [string, string | undefined][] = [
    ["client_max_body_size", proxy.max_body === undefined ? undefined : nginxSize(proxy.max_body)],
    ["proxy_connect_timeout", time(proxy.connect_timeout)],
    ["proxy_send_timeout", time(proxy.send_timeout)],
    ["proxy_read_timeout", time(proxy.read_timeout)],
    ["proxy_buffering", proxy.buffering === undefined ? undefined : proxy.buffering ? "on" : "off"],
  ];
  return settings.flatMap(([directive, value]) =>
    value === undefined ? [] : [{ directive: nginxText(directive), value: nginxText(value) }],
  );
}
