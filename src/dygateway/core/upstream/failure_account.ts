import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { peerFailures } from "./balancer.ts";
import type { Balancer, CountedFailures } from "./balancer.ts";

/** Of a peer, as a worker tells all others. */
export interface FailureEvent {
  readonly kind: "failed" | "recovered";
  readonly upstream: string;
  readonly address: string;
  /** How many failures. */
  readonly count: number;
  /** Seconds since 1970. */
  readonly at: number;
}

/** The leading worker's account of failures, for workers that were not there when they happened. */
export interface FailureAccount {
  readonly hear: (this: void, event: FailureEvent, balancer: Balancer | undefined) => void;
  /**
   * Keeps the account of the peers that the upstream has; undefined ends it. It begins with what the leading worker itself
   * knows, and not with what is on record: the leader before may have ended before it wrote what all have heard.
   */
  readonly watch: (this: void, upstream: string, balancer: Balancer | undefined) => void;
  /** By address. */
  readonly known: (this: void, upstream: string) => Lookup<CountedFailures>;
}

export function createFailureAccount(): FailureAccount {
  const upstreams: Lookup<Lookup<CountedFailures>> = lookup();

  function hear(event: FailureEvent, balancer: Balancer | undefined): void {
    const peer = balancer?.peers.find(({ address }) => address === event.address);
    const failures = upstreams[event.upstream];
    // What is heard before the upstream's account begins, the worker itself knows by then.
    if (peer === undefined || failures === undefined) {
      return;
    }
    const before = failures[event.address];
    if (event.kind === "recovered") {
      delete failures[event.address];
    } else {
      // Few and old ones were forgiven by the next success, which is not told.
      const counts = before !== undefined && (before.count >= peer.server.maxFails || event.at - before.at <= peer.server.failTimeout);
      failures[event.address] = { count: (counts ? before.count : 0) + event.count, at: event.at };
    }
  }

  function watch(upstream: string, balancer: Balancer | undefined): void {
    if (balancer === undefined) {
      delete upstreams[upstream];
      return;
    }
    const before = upstreams[upstream];
    const after: Lookup<CountedFailures> = lookup();
    for (const peer of balancer.peers) {
      const counted = before === undefined ? peerFailures(peer) : before[peer.address];
      if (counted !== undefined) {
        after[peer.address] = counted;
      }
    }
    upstreams[upstream] = after;
  }

  return { hear, watch, known: (upstream) => upstreams[upstream] ?? lookup() };
}
