import type { Lookup } from "../lookup.ts";
import type { Pause } from "../result.ts";
import { adoptAll, growth, membersOf } from "./balance/carry_over.ts";
import type { Member } from "./balance/carry_over.ts";
import { chooseUnhealthy, chooseUntried, hasClosedPeer, hasOpenPeer, markLive } from "./balance/need.ts";
import type { Party } from "./balance/need.ts";
import { isUsable, peerGroup } from "./balance/peer.ts";
import type { Peer } from "./balance/peer.ts";
import { peerState } from "./balance/peer_state.ts";
import type { PeerState } from "./balance/peer_state.ts";
import { fail, forgive, hasRecovered, release, review, reviewAll, startSlowly, take } from "./balance/state.ts";
import { backupBalance, needsOf, strategy } from "./balance/strategies.ts";
import type { Needs } from "./balance/strategies.ts";
import { leaveTape } from "./balance/tape.ts";
import type { Balance, Upstream } from "./model.ts";

export type { Peer } from "./balance/peer.ts";
export { peerFailures } from "./balance/peer_state.ts";
export type { CountedFailures, PeerState } from "./balance/peer_state.ts";

/**
 * Spreads the requests of one upstream in one worker. For each try:
 *
 *     const peer = balancer.pick(key, now, tried);   // undefined: answer 502, nobody is there
 *     balancer.release(peer, now);                   // when the try is over, once for each pick
 *     balancer.failed(peer, now);                    // and one of the two, by how it went
 *     balancer.succeeded(peer, now);
 *
 * Times are seconds; with whole ones (`ngx.time()`) failures are forgiven in the moments when nginx forgives them. A
 * request may finish with the balancer that it began with: one that was replaced passes on to its successor.
 *
 * The choices are those of nginx 1.22 for an upstream without `zone`, but for two things. When a request's first try
 * finds nobody, though there are peers that only failures or the active check keep out, all failures are forgotten and
 * the request is served: first by those that the check has up, and when there are none, by those that it has down. That
 * is a panic, and is counted. nginx 1.9 forgot the failures too (its "quick recovery"), but answered that one request
 * 502; 1.14 and later answer 502 until fail_timeout is over. Later tries of a request begin no panic, so every peer is
 * tried once a request. And there is slow_start, which nginx sells: the weight grows linearly with the seconds since a
 * peer has recovered, has become healthy, or has come back from `down`, `drain` or `out`; the strategies that keep a
 * client on its peer, and `random`'s draws, go by the full weight, as there.
 */
export interface Balancer {
  readonly name: string;
  readonly upstream: Upstream;
  /** Primaries, then backups; in the order of the servers, and each server's in that of its addresses. */
  readonly peers: readonly Peer[];
  readonly primaries: readonly Peer[];
  readonly backups: readonly Peer[];
  /**
   * What `pick` takes as its key: "" for `nothing`, the bytes of `$binary_remote_addr` for `client_address`, the value
   * of `hash`'s text for `key`.
   */
  readonly needs: Needs;
  /** Most tries of one request, nginx's: every peer once; 1 where there is only one, whose failure is final. */
  readonly tries: number;
  /** How often all peers were marked live, because there was nobody to try. */
  readonly panics: (this: void) => number;
  /** @param tried peers that this request was given before, in their order; undefined in its first try. */
  readonly pick: (this: void, key: string, now: number, tried: readonly Peer[] | undefined) => Peer | undefined;
  readonly release: (this: void, peer: Peer, now: number) => void;
  /** @returns whether the peer has failed too often by this, which others of the node should hear. */
  readonly failed: (this: void, peer: Peer, now: number) => boolean;
  /** Also for answers that make nginx go on to the next without counting a failure. @returns whether it has recovered. */
  readonly succeeded: (this: void, peer: Peer, now: number) => boolean;
  /** What another worker saw: the same, but not counted as this worker's. */
  readonly hearFailure: (this: void, peer: Peer, now: number) => void;
  readonly hearRecovery: (this: void, peer: Peer, now: number) => void;
  /** What the active check found. */
  readonly setHealthy: (this: void, peer: Peer, healthy: boolean, now: number) => void;
  readonly state: (this: void, peer: Peer, now: number) => PeerState;
  /**
   * Takes over the peers of the balancer before, all at once and without a pause; from then on whoever asks that one is
   * answered by this. Nothing where it is done. `pick` does it by itself; nothing else may be asked of this one, nor of
   * its peers, earlier. Only one successor of a balancer may ever do so.
   */
  readonly settle: (this: void, now: number) => void;
  /** Handed on to the balancer that takes over: one for all that an upstream ever had. */
  readonly seat: Seat;
}

/**
 * Which balancer of an upstream is in force. One that was replaced knows its successors by this alone: a request that
 * lasts for long, and the balancer that it began with, keep none of those in between.
 */
export interface Seat {
  holder: Balancer | undefined;
}

/** What a balancer is made of. */
export interface BalancerPlan {
  readonly name: string;
  readonly upstream: Upstream;
  /** Addresses of the servers that are names, by `Server.address`; a server that is not in it is an address itself. */
  readonly addresses: Lookup<readonly string[]>;
  /** The balancer in use, which this one is going to replace. */
  readonly previous: Balancer | undefined;
  /** A number from 0 to below 1. */
  readonly random: (this: void) => number;
  readonly pause: Pause;
  /** Is told once it is settled, before it gives anybody a peer: what else is known of its peers can be said then. */
  readonly settled?: (this: void, balancer: Balancer) => void;
}

const NOBODY: readonly Peer[] = [];

function partyOf(plan: BalancerPlan, balance: Balance, members: readonly Member[], single: boolean): Party {
  const group = peerGroup(
    members.map((member) => member.peer),
    single,
  );
  const servers = members.map((member) => member.server);
  return { group, choose: strategy(balance, group, servers, plan.random, plan.pause) };
}

/** Makes a balancer, with pauses. It is not in force before it is settled. */
export function prepareBalancer(plan: BalancerPlan): Balancer {
  const { name, upstream, previous } = plan;
  const members = membersOf(upstream, plan.addresses, previous?.peers ?? NOBODY, plan.pause);
  const first = members.filter((member) => !member.server.backup);
  const second = members.filter((member) => member.server.backup);
  const primary = partyOf(plan, upstream.balance, first, members.length === 1);
  const backup = partyOf(plan, backupBalance(upstream.balance), second, members.length === 1);
  const primaries = primary.group.peers;
  const choosePrimary = primary.choose;
  let panics = 0;
  const seat: Seat = previous?.seat ?? { holder: undefined };

  /** All but a first try with an open primary: backups, later tries, and what happens when nobody is there. */
  function pickElsewhere(key: string, at: number, tried: readonly Peer[]): Peer | undefined {
    let withPrimaries = true;
    for (const peer of tried) {
      withPrimaries = withPrimaries && !peer.server.backup;
    }
    let peer = withPrimaries ? chooseUntried(primary, key, at, tried) : undefined;
    peer ??= chooseUntried(backup, key, at, tried);
    if (peer !== undefined || hasOpenPeer(primary.group, at) || hasOpenPeer(backup.group, at)) {
      return peer;
    }
    if (tried.length === 0) {
      if (!hasClosedPeer(primary.group) && !hasClosedPeer(backup.group)) {
        return undefined;
      }
      panics++;
      markLive(primary.group, at);
      markLive(backup.group, at);
      peer = chooseUntried(primary, key, at, tried) ?? chooseUntried(backup, key, at, tried);
    }
    peer ??= withPrimaries ? chooseUnhealthy(primary, key, at, tried) : undefined;
    peer ??= chooseUnhealthy(backup, key, at, tried);
    return peer;
  }

  /** This one's first choice, or the successor's. */
  function pickByHolder(key: string, at: number, tried: readonly Peer[] | undefined): Peer | undefined {
    balancer.settle(at);
    return seat.holder!.pick(key, at, tried);
  }

  /** @inlined */
  function pick(key: string, at: number, tried: readonly Peer[] | undefined): Peer | undefined {
    if (seat.holder !== balancer) {
      const theirs = pickByHolder(key, at, tried);
      return theirs;
    }
    const index = tried === undefined ? choosePrimary(key, at, NOBODY) : -1;
    const peer = index >= 0 ? primaries[index] : pickElsewhere(key, at, tried ?? NOBODY);
    if (peer !== undefined) {
      take(peer, at);
    }
    return peer;
  }

  /** Undefined once it is done: what it needed, the balancer before among it, must not live on. */
  let takeOver: ((this: void, now: number) => void) | undefined = (now) => {
    previous?.settle(now);
    panics = previous?.panics() ?? 0;
    for (const peer of previous?.peers ?? NOBODY) {
      leaveTape(peer.group);
    }
    const factor = growth(first, previous?.primaries ?? NOBODY);
    const backupFactor = growth(second, previous?.backups ?? NOBODY);
    adoptAll(primary.group, first, factor, now);
    adoptAll(backup.group, second, backupFactor, now);
    for (const peer of balancer.peers) {
      peer.healthy = peer.healthy || upstream.check === undefined;
    }
    reviewAll(primary.group, now);
    reviewAll(backup.group, now);
    seat.holder = balancer;
    plan.settled?.(balancer);
  };

  const balancer: Balancer = {
    name,
    upstream,
    peers: members.length === primaries.length ? primaries : primaries.concat(backup.group.peers),
    primaries,
    backups: backup.group.peers,
    needs: needsOf(upstream.balance),
    tries: members.filter((member) => isUsable(member.server)).length,
    panics: () => {
      const { holder } = seat;
      return holder === balancer || holder === undefined ? panics : holder.panics();
    },
    pick,
    release,
    failed: (peer, at) => {
      peer.failures += 1;
      const closed = fail(peer, at);
      return closed;
    },
    succeeded: /** @inlined */ (peer, at) => {
      if (!hasRecovered(peer)) {
        return false;
      }
      const recovered = forgive(peer, at);
      return recovered;
    },
    hearFailure: (peer, at) => {
      fail(peer, at);
    },
    hearRecovery: (peer, at) => {
      forgive(peer, at);
    },
    setHealthy: (peer, healthy, at) => {
      if (peer.healthy !== healthy) {
        peer.healthy = healthy;
        if (healthy) {
          startSlowly(peer, at);
        }
        review(peer, at);
      }
    },
    state: peerState,
    settle: (now) => {
      const work = takeOver;
      takeOver = undefined;
      work?.(now);
    },
    seat,
  };
  return balancer;
}

/** The same, and in force at once. */
export function createBalancer(plan: BalancerPlan & { readonly now: number }): Balancer {
  const balancer = prepareBalancer(plan);
  balancer.settle(plan.now);
  return balancer;
}
