import { dirname, join } from "node:path";
import type { Balance } from "../../dygateway/core/upstream/model.ts";
import { listenAddressOf, type Address } from "./address.ts";
import type { Config, HostConfig, ListenerConfig, LocationConfig, UpstreamConfig } from "./schema.ts";

/** The configuration with its short forms and inheritance spelled out. Nothing here can fail. */

export interface Listener extends ListenerConfig {
  readonly name: string;
  readonly address: Address;
}

export const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] => {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
};

export function listenersOf(config: Config): Listener[] {
  return Object.entries(config.listeners).map(([name, value]) => {
    const settings = typeof value === "object" ? value : { listen: value, tls: false, http2: false, reuseport: false };
    return { ...settings, name, address: listenAddressOf(settings.listen) };
  });
}

/** The listeners a host is served on; unknown names are left out. */
export function listenersOfHost(host: HostConfig, listeners: readonly Listener[]): Listener[] {
  return listeners.filter((listener) => host.listeners?.includes(listener.name) ?? true);
}

/** nginx compares names without regard to case, but hands out `$server_name` as written. */
export const serverNamesOf = (host: HostConfig): readonly string[] => listOf(host.server_name);

export const mainNameOf = (host: HostConfig): string => serverNamesOf(host)[0] ?? "";

/** The file of a host: its name, or the first server name with all that is special in file names replaced. */
export function fileNameOf(host: HostConfig): string {
  const safe = mainNameOf(host).replace(/^\.+/, "_.").replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 100);
  return `vhosts/${host.name ?? safe}.conf`;
}

export const isPlainName = (name: string): boolean => /^[A-Za-z0-9-][A-Za-z0-9_.-]*$/.test(name) && !name.endsWith(".*");

export const divertsAt = (host: HostConfig, location: LocationConfig): boolean => location.divert ?? host.divert ?? true;

export function hostkeyAt(host: HostConfig, location: LocationConfig): string {
  return location.hostkey ?? host.hostkey ?? mainNameOf(host);
}

export function defaultUpstreamAt(host: HostConfig, location: LocationConfig): string | undefined {
  return location.default_upstream ?? host.default_upstream;
}

/** Two locations with the same identity cannot stand in one server block. */
export function locationIdentity(location: LocationConfig): string {
  const kind = location.match === "^~" ? "prefix" : location.match;
  return `${kind} ${location.path}`;
}

/** How an upstream balances, in the gateway's own words. */
export function balanceOf({ balance }: UpstreamConfig): Balance {
  if (typeof balance === "object") return { kind: "hash", key: balance.hash, consistent: balance.consistent };
  if (balance === "random" || balance === "random_two") return { kind: "random", two: balance === "random_two" };
  return { kind: balance };
}

/** The folder of upstream.conf where it belongs to the workers' user. */
export const upstreamsFolderOf = ({ paths }: Config): string => paths.upstreams ?? join(dirname(paths.snapshot), "upstreams");

export const adminAddressOf = (config: Config): Address => listenAddressOf(config.admin.listen);

/** Names that a request to the admin interface may have in its Host header. */
export function adminHostsOf(config: Config): string[] {
  if (config.admin.hosts !== undefined) return [...config.admin.hosts];
  const address = adminAddressOf(config);
  const own = address.kind === "tcp" && !["*", "0.0.0.0", "[::]"].includes(address.host) ? [address.host] : [];
  return [...new Set(["127.0.0.1", "localhost", "[::1]", ...own])];
}

/** What the paths of the dyups interface begin with: "" where they stand at the root. */
export const dyupsPrefixOf = (config: Config): string => config.dynamic_upstreams.dyups_location.replace(/\/$/, "");

export const redisHostOf = (config: Config): string => config.redis.host ?? "127.0.0.1";
export const redisPortOf = (config: Config): number => config.redis.port ?? 6379;
