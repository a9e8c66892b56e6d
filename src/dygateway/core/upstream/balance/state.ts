import { ACCESSED, CHECKED, CONNS, EFFECTIVE, FAILS, OPEN, WEIGHT, isUsable } from "./peer.ts";
import type { Peer, PeerGroup } from "./peer.ts";
import { leaveTape } from "./tape.ts";

/** Its failures are too many, and too young; nginx's condition. */
export function hasFailed(peer: Peer, now: number): boolean {
  const { server, row } = peer;
  const { rows } = peer.group;
  return server.maxFails > 0 && rows[row + FAILS]! >= server.maxFails && now - rows[row + CHECKED]! <= server.failTimeout;
}

/** Opens or closes a peer by what is known of it. */
export function review(peer: Peer, now: number): void {
  const { server, row, group } = peer;
  const { rows } = group;
  let isOpen = isUsable(server) && peer.healthy && (server.maxConns === 0 || rows[row + CONNS]! < server.maxConns);
  if (hasFailed(peer, now)) {
    group.retryAt = Math.min(group.retryAt, rows[row + CHECKED]! + server.failTimeout);
    isOpen = false;
  }
  const open = isOpen ? 1 : 0;
  if (rows[row + OPEN] !== open) {
    leaveTape(group);
    rows[row + OPEN] = open;
  }
}

/** Reviews all peers of a group. */
export function reviewAll(group: PeerGroup, now: number): void {
  group.retryAt = Infinity;
  for (const peer of group.peers) {
    review(peer, now);
  }
}

/**
 * What time alone changes. To be called before the rows are looked at.
 * @inlined
 */
export function catchUp(group: PeerGroup, now: number): void {
  if (now > group.retryAt) {
    reviewAll(group, now);
  }
  if (group.ramping > 0) {
    ramp(group, now);
  }
}

/** The weights of peers in their slow start, by the share of it that has gone by. */
function ramp(group: PeerGroup, now: number): void {
  group.ramping = 0;
  for (const peer of group.peers) {
    if (peer.slowSince > 0) {
      rampPeer(peer, now);
    }
  }
}

function rampPeer(peer: Peer, now: number): void {
  const { server, row, group } = peer;
  const { rows } = group;
  // One second counts from the start: a weight of nothing would be a peer that is never tried.
  const share = Math.min((Math.max(now - peer.slowSince, 0) + 1) / (server.slowStart + 1), 1);
  const weight = server.weight * share;
  if (share < 1) {
    group.ramping += 1;
  } else {
    peer.slowSince = 0;
  }
  // What failures have taken from it stays taken, and comes back by one a choice.
  const gained = weight - rows[row + WEIGHT]!;
  rows[row + WEIGHT] = weight;
  rows[row + EFFECTIVE] = Math.max(Math.min(rows[row + EFFECTIVE]! + gained, weight), 0);
}

/** Begins the slow start of a peer that comes back, if its server has one. */
export function startSlowly(peer: Peer, now: number): void {
  const { group } = peer;
  if (peer.server.slowStart > 0 && !group.single) {
    leaveTape(group);
    const { rows } = group;
    peer.slowSince = Math.max(now, 1);
    ramp(group, now);
    rows[peer.row + EFFECTIVE] = rows[peer.row + WEIGHT]!;
  }
}

/**
 * A request was given to a peer: nginx's steps after each choice, whatever the strategy.
 * @inlined
 */
export function take(peer: Peer, now: number): void {
  const { group, row, server } = peer;
  const { rows } = group;
  const conns = rows[row + CONNS]! + 1;
  rows[row + CONNS] = conns;
  peer.requests += 1;
  // Without failures it does not matter when it was last chosen, so nginx's own update of every choice is left out.
  const isTrial = rows[row + FAILS]! > 0 && now - rows[row + CHECKED]! > server.failTimeout;
  if (isTrial) {
    rows[row + CHECKED] = now;
  }
  if (isTrial || conns === server.maxConns) {
    review(peer, now);
  }
}

/**
 * A request is done with a peer, however it went.
 * @inlined
 */
export function release(peer: Peer, now: number): void {
  const { group, row, server } = peer;
  const { rows } = group;
  const conns = rows[row + CONNS]!;
  if (conns > 0) {
    rows[row + CONNS] = conns - 1;
    if (conns === server.maxConns) {
      review(peer, now);
    }
  }
}

/** Counts a failure, as nginx does. @returns whether the peer is left out for it. */
export function fail(peer: Peer, now: number): boolean {
  const { group, row, server } = peer;
  const { rows } = group;
  if (group.single || server.maxFails === 0) {
    return false;
  }
  const before = rows[row + FAILS]!;
  leaveTape(group);
  rows[row + FAILS] = before + 1;
  rows[row + ACCESSED] = now;
  rows[row + CHECKED] = now;
  rows[row + EFFECTIVE] = Math.max(rows[row + EFFECTIVE]! - Math.floor(server.weight / server.maxFails), 0);
  review(peer, now);
  return before + 1 >= server.maxFails;
}

/** Forgets failures. @returns whether there were too many of them. */
export function forgive(peer: Peer, now: number): boolean {
  const { group, row, server } = peer;
  const { rows } = group;
  const before = rows[row + FAILS]!;
  if (before === 0) {
    return false;
  }
  leaveTape(group);
  rows[row + FAILS] = 0;
  const wasClosed = before >= server.maxFails;
  if (wasClosed) {
    startSlowly(peer, now);
  }
  review(peer, now);
  return wasClosed;
}

/**
 * nginx's sign of a recovery: it was chosen after its last failure.
 * @inlined
 */
export function hasRecovered(peer: Peer): boolean {
  const { rows } = peer.group;
  const { row } = peer;
  return rows[row + FAILS]! > 0 && rows[row + ACCESSED]! < rows[row + CHECKED]!;
}
