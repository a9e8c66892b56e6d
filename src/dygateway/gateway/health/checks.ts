import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import type { Balancer } from "../../core/upstream/balancer.ts";
import { judge, newHealth } from "../../core/upstream/health.ts";
import type { PeerHealth } from "../../core/upstream/health.ts";
import { createSchedule, firstProbe, nextProbe, probeAfter, turnOf } from "../../core/upstream/health_schedule.ts";
import type { HealthCheck } from "../../core/upstream/model.ts";
import { createPool } from "./pool.ts";
import { probe } from "./probe.ts";

/** Probes at a time: each takes a connection of this worker. An upstream whose peers all hang leaves room for the others. */
const PLACES = { most: 100, common: 50, share: 10 };

interface CheckedPeer {
  readonly upstream: string;
  readonly address: string;
  /** Its place in the interval. */
  readonly turn: number;
  check: HealthCheck;
  health: PeerHealth;
  due: number;
  /** Set when it is not to be checked any more: the schedule still holds it. */
  gone: boolean;
}

/** The leading worker's active checks. */
export interface Checks {
  /**
   * Takes note of an upstream; what is known of peers that stay is kept.
   *
   * @param known what is on record of the peers.
   */
  readonly watch: (this: void, upstream: string, balancer: Balancer | undefined, known: Lookup<PeerHealth>) => void;
  /** What is known of an upstream's peers, by address; nothing where they are not checked. */
  readonly known: (this: void, upstream: string) => Lookup<PeerHealth>;
  /** Begins the probes that are due. */
  readonly step: (this: void, now: number) => void;
  readonly close: (this: void) => void;
}

/** Told of every result. */
export type OnResult = (this: void, peer: Checked, before: PeerHealth) => void;

export interface Checked {
  readonly upstream: string;
  readonly address: string;
  readonly check: HealthCheck;
  readonly health: PeerHealth;
}

export function createChecks(onResult: OnResult, stopping: (this: void) => boolean): Checks {
  const upstreams: Lookup<Lookup<CheckedPeer>> = lookup();
  const schedule = createSchedule<CheckedPeer>(ngx.now());

  function isOver(peer: CheckedPeer): boolean {
    return peer.gone || stopping();
  }

  function run(peer: CheckedPeer): void {
    const problem = isOver(peer) ? "" : probe(peer.upstream, peer.address, peer.check);
    if (isOver(peer)) {
      return;
    }
    const before = peer.health;
    const now = ngx.now();
    peer.health = judge(before, problem, peer.check, now);
    peer.due = probeAfter(peer.turn, peer.check.interval, peer.due, now);
    schedule.add(peer, peer.due);
    onResult(peer, before);
  }

  const pool = createPool(PLACES, run, stopping);

  function begin(peer: CheckedPeer, peers: number): void {
    const { turn, check, health } = peer;
    const now = ngx.now();
    peer.due = health.checked === 0 ? firstProbe(turn, peers, check.interval, now) : nextProbe(turn, check.interval, now);
    schedule.add(peer, peer.due);
  }

  function watch(upstream: string, balancer: Balancer | undefined, known: Lookup<PeerHealth>): void {
    const check = balancer?.upstream.check;
    const before = upstreams[upstream] ?? lookup<CheckedPeer>();
    const after: Lookup<CheckedPeer> = lookup();
    if (balancer !== undefined && check !== undefined) {
      for (const { address } of balancer.peers) {
        const old = before[address];
        if (after[address] !== undefined) {
          // Two servers may lead to one address: one check is for both.
          continue;
        }
        if (old !== undefined && old.check.interval === check.interval) {
          old.check = check;
          after[address] = old;
          delete before[address];
        } else {
          const health = old?.health ?? known[address] ?? newHealth(check, ngx.now());
          const peer = { upstream, address, turn: turnOf(upstream, address), check, health, due: 0, gone: false };
          after[address] = peer;
          begin(peer, balancer.peers.length);
        }
      }
    }
    for (const address of Object.keys(before)) {
      before[address]!.gone = true;
    }
    if (check === undefined) {
      delete upstreams[upstream];
    } else {
      upstreams[upstream] = after;
    }
  }

  return {
    watch,
    known: (upstream) => {
      const known: Lookup<PeerHealth> = lookup();
      const peers = upstreams[upstream] ?? lookup<CheckedPeer>();
      for (const address of Object.keys(peers)) {
        known[address] = peers[address]!.health;
      }
      return known;
    },
    close: pool.close,
    step: (now) => {
      for (const peer of schedule.take(now)) {
        if (!peer.gone) {
          pool.add(peer.upstream, peer);
        }
      }
    },
  };
}
