import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { Peer } from "./balancer.ts";
import { isUsable } from "./edit_peers.ts";
import type { Server, Upstream } from "./model.ts";

function isPrimary(server: Server): boolean {
  return isUsable(server) && !server.backup;
}

/**
 * Where an edit leaves an upstream with names only of which nothing is known yet, the peers from before stand in for
 * the first of them until it is looked up: else every edit of that kind would answer some requests with 502.
 *
 * @param resolved addresses of servers that are names, by `Server.address`. @param unknown those that no lookup has
 * found yet.
 * @param former peers until now. Primaries that took requests stand in, but for those that the new definition speaks
 * of: they may be drained, or a backup.
 * @returns `resolved`, or a copy with the addresses of the former peers in it.
 */
export function withStandIns(
  upstream: Upstream,
  resolved: Lookup<readonly string[]>,
  unknown: Lookup<boolean>,
  former: readonly Peer[],
): Lookup<readonly string[]> {
  const spoken: Lookup<boolean> = lookup();
  let vacant: Server | undefined;
  for (const server of upstream.servers) {
    const addresses = resolved[server.address] ?? [server.address];
    if (isPrimary(server) && addresses.length > 0) {
      return resolved;
    }
    if (isPrimary(server) && unknown[server.address] === true) {
      vacant ??= server;
    }
    for (const address of addresses) {
      spoken[address] = true;
    }
  }
  if (vacant === undefined) {
    return resolved;
  }
  const all: Lookup<readonly string[]> = lookup();
  for (const address of Object.keys(resolved)) {
    all[address] = resolved[address]!;
  }
  const standIns: string[] = [];
  for (const { address, server } of former) {
    if (isPrimary(server) && spoken[address] !== true) {
      spoken[address] = true;
      standIns.push(address);
    }
  }
  all[vacant.address] = standIns;
  return all;
}
