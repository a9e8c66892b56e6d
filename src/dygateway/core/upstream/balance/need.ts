import { COLUMNS, CONNS, FAILS, OPEN, isUsable } from "./peer.ts";
import type { Peer, PeerGroup } from "./peer.ts";
import { catchUp, hasFailed, review, reviewAll } from "./state.ts";
import type { Choose } from "./strategies.ts";
import { leaveTape } from "./tape.ts";

/** Peers, and how one of them is chosen. */
export interface Party {
  readonly group: PeerGroup;
  readonly choose: Choose;
}

/** Chooses among the peers that this request has not tried; the -1 of a choice is undefined here. */
export function chooseUntried(party: Party, key: string, now: number, tried: readonly Peer[]): Peer | undefined {
  const { group, choose } = party;
  catchUp(group, now);
  for (const peer of tried) {
    if (peer.group === group && group.rows[peer.row + OPEN] === 1) {
      leaveTape(group);
      group.rows[peer.row + OPEN] = 0;
    }
  }
  const index = choose(key, now, tried);
  for (const peer of tried) {
    if (peer.group === group) {
      review(peer, now);
    }
  }
  return index < 0 ? undefined : group.peers[index];
}

export function hasOpenPeer(group: PeerGroup, now: number): boolean {
  catchUp(group, now);
  for (let row = 0; row < group.end; row += COLUMNS) {
    if (group.rows[row + OPEN] === 1) {
      return true;
    }
  }
  return false;
}

function mayBeTried(peer: Peer): boolean {
  const { server, group, row } = peer;
  return isUsable(server) && (server.maxConns === 0 || group.rows[row + CONNS]! < server.maxConns);
}

/** Whether there is a peer that only its failures, or the active check, keep from being tried. */
export function hasClosedPeer(group: PeerGroup): boolean {
  for (const peer of group.peers) {
    if (mayBeTried(peer) && group.rows[peer.row + OPEN] === 0) {
      return true;
    }
  }
  return false;
}

/** Forgets all failures, without a slow start. */
export function markLive(group: PeerGroup, now: number): void {
  leaveTape(group);
  for (const peer of group.peers) {
    group.rows[peer.row + FAILS] = 0;
  }
  reviewAll(group, now);
}

/** Chooses among all peers that the active check has down. */
export function chooseUnhealthy(party: Party, key: string, now: number, tried: readonly Peer[]): Peer | undefined {
  const { group } = party;
  leaveTape(group);
  for (const peer of group.peers) {
    if (!peer.healthy && mayBeTried(peer) && !hasFailed(peer, now)) {
      group.rows[peer.row + OPEN] = 1;
    }
  }
  const peer = chooseUntried(party, key, now, tried);
  reviewAll(group, now);
  return peer;
}
