import { ACCESSED, CONNS, CURRENT, EFFECTIVE, FAILS, OPEN } from "./peer.ts";
import type { Peer } from "./peer.ts";
import { review } from "./state.ts";
import { writeWeights } from "./tape.ts";

/** What the API shows of a peer. */
export interface PeerState {
  readonly conns: number;
  /** Failures that count towards its max_fails. */
  readonly fails: number;
  /** May be chosen now: in rotation, healthy, not failed, below its max_conns. */
  readonly open: boolean;
  /** nginx's current_weight and effective_weight. */
  readonly currentWeight: number;
  readonly effectiveWeight: number;
}

export function peerState(peer: Peer, now: number): PeerState {
  review(peer, now);
  const { group, row } = peer;
  const { rows } = group;
  writeWeights(group);
  return {
    conns: rows[row + CONNS]!,
    fails: rows[row + FAILS]!,
    open: rows[row + OPEN] === 1,
    currentWeight: rows[row + CURRENT]!,
    effectiveWeight: rows[row + EFFECTIVE]!,
  };
}

/** A peer's failures since its last recovery, as a worker knows of them. */
export interface CountedFailures {
  readonly count: number;
  /** The last one; seconds since 1970. */
  readonly at: number;
}

/** @returns undefined where there are none. */
export function peerFailures(peer: Peer): CountedFailures | undefined {
  const { group, row } = peer;
  const count = group.rows[row + FAILS]!;
  return count === 0 ? undefined : { count, at: group.rows[row + ACCESSED]! };
}
