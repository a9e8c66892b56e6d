import { lookup } from "../../lookup.ts";
import type { Lookup } from "../../lookup.ts";
import type { Pause } from "../../result.ts";
import type { Server, Upstream } from "../model.ts";
import { hostAndPort } from "./address.ts";
import { ACCESSED, CHECKED, COLUMNS, CONNS, CURRENT, EFFECTIVE, FAILS, WEIGHT, isUsable } from "./peer.ts";
import type { Peer, PeerGroup } from "./peer.ts";
import { startSlowly } from "./state.ts";

/** A peer of the new balancer, before it has its place there. */
export interface Member {
  readonly peer: Peer;
  readonly server: Server;
  /** Whether the peer was in the balancer before. */
  readonly stays: boolean;
}

/** Peers by their addresses; an address may have several. */
type Known = Lookup<Peer[]>;

function byAddress(peers: readonly Peer[]): Known {
  const known: Known = lookup();
  // Backwards, so that the first of an address is taken first.
  for (let i = peers.length - 1; i >= 0; i--) {
    const peer = peers[i]!;
    (known[peer.address] ??= []).push(peer);
  }
  return known;
}

/** The peers of an upstream in nginx's order; those of `previous` that stay are the same objects, yet untouched. */
export function membersOf(
  upstream: Upstream,
  addresses: Lookup<readonly string[]>,
  previous: readonly Peer[],
  pause: Pause,
): Member[] {
  const known = byAddress(previous);
  const members: Member[] = [];
  for (const server of upstream.servers) {
    pause();
    for (const address of addresses[server.address] ?? [server.address]) {
      const peer = known[address]?.pop();
      members.push({ peer: peer ?? newPeer(address, server, upstream), server, stays: peer !== undefined });
    }
  }
  return members;
}

function newPeer(address: string, server: Server, upstream: Upstream): Peer {
  const { host, port } = hostAndPort(address);
  const healthy = upstream.check?.initial !== "down";
  return { address, host, port, server, requests: 0, failures: 0, healthy, slowSince: 0, group: undefined as never, row: 0 };
}

/** What a peer had, before its numbers move. */
interface Former {
  readonly server: Server;
  readonly group: PeerGroup;
  readonly row: number;
}

/** Whole, as all weights are: then the sequence comes to repeat itself, and can be replayed. */
function scaled(current: number, factor: number): number {
  return Math.floor(current * factor + 0.5);
}

function adopt(group: PeerGroup, member: Member, row: number, factor: number, now: number): void {
  const { peer, server, stays } = member;
  const { rows } = group;
  const former: Former | undefined = stays ? { server: peer.server, group: peer.group, row: peer.row } : undefined;
  peer.group = group;
  peer.row = row;
  peer.server = server;
  rows[row + WEIGHT] = server.weight;
  rows[row + EFFECTIVE] = server.weight;
  if (former === undefined) {
    return;
  }
  const had = former.group.rows;
  const from = former.row;
  if (former.server.backup === server.backup) {
    rows[row + CURRENT] = scaled(had[from + CURRENT]!, factor);
  }
  if (former.server.weight === server.weight && peer.slowSince === 0) {
    rows[row + EFFECTIVE] = had[from + EFFECTIVE]!;
  }
  rows[row + CONNS] = had[from + CONNS]!;
  if (server.maxFails > 0 && !group.single) {
    rows[row + FAILS] = had[from + FAILS]!;
    rows[row + CHECKED] = had[from + CHECKED]!;
    rows[row + ACCESSED] = had[from + ACCESSED]!;
  }
  if (peer.slowSince > 0) {
    group.ramping += 1;
  } else if (!isUsable(former.server) && isUsable(server)) {
    startSlowly(peer, now);
  }
}

/** The sum of weights in rotation. */
function totalWeight(all: readonly { readonly server: Server }[]): number {
  let total = 0;
  for (const { server } of all) {
    total += isUsable(server) ? server.weight : 0;
  }
  return total;
}

/** Moves the numbers of the peers that stay into their new group. */
export function adoptAll(group: PeerGroup, members: readonly Member[], factor: number, now: number): void {
  for (let i = 0; i < members.length; i++) {
    adopt(group, members[i]!, i * COLUMNS, factor, now);
  }
}

/**
 * How much more a group weighs than its predecessor: a peer's debts and credits are worth as many turns as before. An
 * edit that leaves the weights leaves the sequence.
 */
export function growth(members: readonly Member[], previous: readonly Peer[]): number {
  const before = totalWeight(previous);
  const after = totalWeight(members);
  return before === 0 || after === 0 ? 1 : after / before;
}
