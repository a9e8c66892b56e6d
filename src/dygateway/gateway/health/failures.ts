import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import type { Balancer } from "../../core/upstream/balancer.ts";
import type { PeerEvent } from "./events.ts";
import type { CountedFailures } from "./records.ts";

/** The leading worker's account of failures, for workers that were not there when they happened. */
export interface Failures {
  readonly hear: (this: void, event: PeerEvent, balancer: Balancer | undefined) => void;
  /** Takes over what was on record, for the peers that the upstream has. */
  readonly watch: (
    this: void,
    upstream: string,
    balancer: Balancer | undefined,
    known: Lookup<CountedFailures>,
  ) => void;
  /** By address. */
  readonly known: (this: void, upstream: string) => Lookup<CountedFailures>;
}

export function createFailures(): Failures {
  const upstreams: Lookup<Lookup<CountedFailures>> = lookup();

  function hear(event: PeerEvent, balancer: Balancer | undefined): void {
    const peer = balancer?.peers.find(({ address }) => address === event.address);
    if (peer === undefined) {
      return;
    }
    const failures = upstreams[event.upstream] ?? lookup<CountedFailures>();
    upstreams[event.upstream] = failures;
    const before = failures[event.address];
    if (event.kind === "recovered") {
      delete failures[event.address];
    } else {
      // Few and old ones were forgiven by the next success, which is not told.
      const counts = before !== undefined && (before.count >= peer.server.maxFails || event.at - before.at <= peer.server.failTimeout);
      failures[event.address] = { count: (counts ? before.count : 0) + event.count, at: event.at };
    }
  }

  return {
    hear,
    watch: (upstream, balancer, known) => {
      const before = upstreams[upstream] ?? known;
      const after: Lookup<CountedFailures> = lookup();
      for (const { address } of balancer?.peers ?? []) {
        const counted = before[address];
        if (counted !== undefined) {
          after[address] = counted;
        }
      }
      upstreams[upstream] = after;
      if (balancer === undefined) {
        delete upstreams[upstream];
      }
    },
    known: (upstream) => upstreams[upstream] ?? lookup(),
  };
}
