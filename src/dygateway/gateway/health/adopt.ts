import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import type { Pause } from "../../core/result.ts";
import { addressOf, addressParts } from "../../core/upstream/address.ts";
import type { Balancer, Peer } from "../../core/upstream/balancer.ts";
import { unknownName } from "../../core/upstream/dns_record.ts";
import type { Upstream } from "../../core/upstream/model.ts";
import { withStandIns } from "../../core/upstream/stand_in.ts";
import { readHealth, readName } from "./records.ts";

/** Upstreams of this worker that were built since the last `takeBuilt`. */
let built: Lookup<boolean> = lookup();
let builtAny = false;

/**
 * To be called for each balancer as it takes over its peers: tells it what the node knows of them. The worker's tick does
 * so once more, for what happened while it was built.
 */
export function adoptHealth(balancer: Balancer): void {
  adoptLater(balancer.name);
  takeOver(balancer);
}

/** Has the tick settle a balancer that was put in force without. */
export function adoptLater(name: string): void {
  built[name] = true;
  builtAny = true;
}

/** Nothing is known better than what is on record. */
function nobody(this: void): boolean {
  return false;
}

/**
 * Tells a balancer what is on record of its peers.
 * @param hasRecovered peers, by their address, of whose recovery this worker has heard, and the record may not know yet.
 */
export function takeOver(balancer: Balancer, hasRecovered: (this: void, address: string) => boolean = nobody): void {
  const { name, upstream } = balancer;
  const record = readHealth(name);
  const now = ngx.time();
  const unchecked = upstream.check?.initial !== "down";
  for (const peer of balancer.peers) {
    const isHealthy = upstream.check === undefined || (record?.checks[peer.address]?.up ?? unchecked);
    balancer.setHealthy(peer, isHealthy, now);
    const failures = record?.failures[peer.address];
    // Older ones would not keep it out any more.
    if (failures !== undefined && now - failures.at <= peer.server.failTimeout && !hasRecovered(peer.address)) {
      const missed = Math.min(failures.count, peer.server.maxFails) - balancer.state(peer, now).fails;
      for (let n = 0; n < missed; n++) {
        balancer.hearFailure(peer, failures.at);
      }
    }
  }
}

export function hasBuilt(): boolean {
  return builtAny;
}

export function takeBuilt(): string[] {
  const names = Object.keys(built);
  built = lookup();
  builtAny = false;
  return names;
}

/**
 * The peers of an upstream's servers that are names, by `Server.address`: none for one that is not known yet.
 *
 * @param former the upstream's peers until now: where there would be nobody else, they stand in for an unknown name.
 */
export function resolvedServers(upstream: Upstream, former: readonly Peer[], pause: Pause): Lookup<readonly string[]> {
  const resolved: Lookup<readonly string[]> = lookup();
  const unknown: Lookup<boolean> = lookup();
  for (const server of upstream.servers) {
    pause();
    const { kind, host, port } = addressParts(server.address);
    if (kind === "name") {
      const { addresses, confirmed } = readName(host) ?? unknownName;
      resolved[server.address] = addresses.map((ip) => addressOf(ip, port));
      unknown[server.address] = confirmed === 0;
    }
  }
  return withStandIns(upstream, resolved, unknown, former);
}
