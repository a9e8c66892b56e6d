import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import type { Peer } from "../../core/upstream/balancer.ts";
import { publishEvents } from "./events.ts";
import type { PeerEvent } from "./events.ts";

/**
 * What requests of this worker learned of peers since its last tick. Requests only append: what comes beyond the limit
 * is dropped, as the others hear of hundreds of failures already.
 */
const MOST_QUEUED = 2000;

const upstreams: string[] = [];
const addresses: string[] = [];
const failures: boolean[] = [];
let queued = 0;

/** To be called for every failure that was counted by `Balancer.failed`. */
export function peerFailed(upstream: string, peer: Peer): void {
  if (queued < MOST_QUEUED && peer.server.maxFails > 0 && !peer.group.single) {
    upstreams[queued] = upstream;
    addresses[queued] = peer.address;
    failures[queued] = true;
    queued++;
  }
}

/** To be called when `Balancer.succeeded` says that the peer has recovered. */
export function peerRecovered(upstream: string, peer: Peer): void {
  if (queued < MOST_QUEUED) {
    upstreams[queued] = upstream;
    addresses[queued] = peer.address;
    failures[queued] = false;
    queued++;
  }
}

interface Learned {
  readonly upstream: string;
  readonly address: string;
  recovered: boolean;
  failures: number;
}

/** One entry a peer: what matters is whether it has recovered, and what failed since. */
function summary(): Learned[] {
  const learned: Learned[] = [];
  const byPeer: Lookup<Learned> = lookup();
  for (let i = 0; i < queued; i++) {
    const upstream = upstreams[i]!;
    const address = addresses[i]!;
    const key = `${upstream} ${address}`;
    const known = byPeer[key];
    const entry = known ?? { upstream, address, recovered: false, failures: 0 };
    if (known === undefined) {
      byPeer[key] = entry;
      learned.push(entry);
    }
    if (failures[i] === true) {
      entry.failures++;
    } else {
      entry.recovered = true;
      entry.failures = 0;
    }
  }
  return learned;
}

/** Whether requests have learned anything since the last tick. */
export function hasLearned(): boolean {
  return queued > 0;
}

/** Tells the other workers what was learned; in the tick. */
export function shareLearned(): void {
  if (queued === 0) {
    return;
  }
  const learned = summary();
  queued = 0;
  const at = ngx.time();
  const events: PeerEvent[] = [];
  for (const { upstream, address, recovered, failures: count } of learned) {
    if (recovered) {
      events.push({ kind: "recovered", upstream, address, count: 0, at });
    }
    if (count > 0) {
      events.push({ kind: "failed", upstream, address, count, at });
    }
  }
  publishEvents(events);
}
