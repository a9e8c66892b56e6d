import type { Balance, Server, Upstream } from "../../src/dygateway/core/upstream/model.ts";
import { plainCrc32 } from "./balancer_crc32.ts";

/**
 * nginx's balancing as its modules do it, peer by peer and without any shortcut: what the balancer's shortcuts are held
 * to, event by event. The end-to-end oracle holds both to nginx itself.
 */
interface Peer {
  readonly server: Server;
  readonly index: number;
  current: number;
  effective: number;
  conns: number;
  fails: number;
  checked: number;
  accessed: number;
}

interface Group {
  readonly peers: readonly Peer[];
  readonly total: number;
  readonly single: boolean;
}

/** What nginx remembers of a request. */
export interface ReferenceRequest {
  group: Group;
  tried: Peer[];
  current: Peer | undefined;
  misses: number;
  rehash: number;
  hash: number;
  readonly key: string;
}

export interface Reference {
  readonly panics: (this: void) => number;
  readonly begin: (this: void, key: string) => ReferenceRequest;
  /** The number of the server, -1 for nobody. */
  readonly pick: (this: void, request: ReferenceRequest, now: number) => number;
  readonly done: (this: void, request: ReferenceRequest, failed: boolean, now: number) => void;
}

const OUT_OF_TRIES = 20;

function isOut(server: Server): boolean {
  return server.down || server.drain || server.out;
}

function isClosed(peer: Peer, request: ReferenceRequest, now: number): boolean {
  const { server } = peer;
  return (
    request.tried.indexOf(peer) >= 0 ||
    isOut(server) ||
    (server.maxFails > 0 && peer.fails >= server.maxFails && now - peer.checked <= server.failTimeout) ||
    (server.maxConns > 0 && peer.conns >= server.maxConns)
  );
}

function smooth(peers: readonly Peer[], first: Peer | undefined): Peer | undefined {
  let best = first;
  let total = 0;
  for (const peer of peers) {
    peer.current += peer.effective;
    total += peer.effective;
    if (peer.effective < peer.server.weight) {
      peer.effective++;
    }
    if (best === undefined || peer.current > best.current) {
      best = peer;
    }
  }
  if (best !== undefined) {
    best.current -= total;
  }
  return best;
}

function leastConn(open: readonly Peer[]): Peer | undefined {
  let best: Peer | undefined;
  for (const peer of open) {
    if (best === undefined || peer.conns * best.server.weight < best.conns * peer.server.weight) {
      best = peer;
    }
  }
  const least = best;
  if (least === undefined) {
    return undefined;
  }
  const equals = open.filter((peer) => peer.conns * least.server.weight === least.conns * peer.server.weight);
  return equals.length > 1 ? smooth(equals, least) : least;
}

function atPlace(group: Group, place: number): Peer {
  let left = place;
  for (const peer of group.peers) {
    if (left < peer.server.weight) {
      return peer;
    }
    left -= peer.server.weight;
  }
  throw new Error("a place beyond the weights");
}

function nextHash(balance: Balance, request: ReferenceRequest): void {
  if (balance.kind === "ip_hash") {
    const length = request.key.length === 16 ? 16 : 3;
    for (let i = 0; i < length; i++) {
      const byte = request.key.length === 16 || request.key.length === 4 ? request.key.charCodeAt(i) : 0;
      request.hash = (request.hash * 113 + byte) % 6271;
    }
  } else {
    const salt = request.rehash > 0 ? `${request.rehash}` : "";
    request.hash += Math.floor(plainCrc32(salt + request.key) / 65536) % 32768;
    request.rehash++;
  }
}

/** @param points server names by ascending points, where the strategy has a ring. */
export function reference(upstream: Upstream, points: readonly { point: number; name: string }[]): Reference {
  const { balance, servers } = upstream;
  let panics = 0;

  function groupOf(backup: boolean): Group {
    const peers: Peer[] = [];
    let total = 0;
    for (let index = 0; index < servers.length; index++) {
      const server = servers[index] as Server;
      if (server.backup === backup) {
        total += server.weight;
        peers.push({ server, index, current: 0, effective: server.weight, conns: 0, fails: 0, checked: 0, accessed: 0 });
      }
    }
    return { peers, total, single: servers.length === 1 };
  }

  const primaries = groupOf(false);
  const backups = groupOf(true);

  function byTurns(request: ReferenceRequest, now: number): Peer | undefined {
    const peer = smooth(
      request.group.peers.filter((each) => !isClosed(each, request, now)),
      undefined,
    );
    return peer;
  }

  function byHash(request: ReferenceRequest, now: number): Peer | undefined {
    while (request.misses <= OUT_OF_TRIES) {
      nextHash(balance, request);
      const peer = atPlace(request.group, request.hash % request.group.total);
      if (!isClosed(peer, request, now)) {
        return peer;
      }
      request.misses++;
    }
    return byTurns(request, now);
  }

  function byRing(request: ReferenceRequest, now: number): Peer | undefined {
    while (request.misses <= OUT_OF_TRIES) {
      const name = points[request.hash % points.length]?.name;
      const open = request.group.peers.filter((peer) => !isClosed(peer, request, now) && peer.server.address === name);
      if (open.length > 0) {
        return smooth(open, undefined);
      }
      request.hash++;
      request.misses++;
    }
    return byTurns(request, now);
  }

  function choose(request: ReferenceRequest, now: number): Peer | undefined {
    const isPlain = request.group.single || request.group === backups || request.group.total === 0;
    if (balance.kind === "least_conn") {
      return leastConn(request.group.peers.filter((peer) => !isClosed(peer, request, now)));
    }
    if (isPlain || balance.kind === "round_robin" || (balance.kind === "hash" && request.key === "")) {
      return byTurns(request, now);
    }
    return balance.kind === "hash" && balance.consistent ? byRing(request, now) : byHash(request, now);
  }

  function begin(key: string): ReferenceRequest {
    let hash = balance.kind === "ip_hash" ? 89 : 0;
    if (balance.kind === "hash" && balance.consistent) {
      const value = plainCrc32(key);
      while (hash < points.length && (points[hash]?.point ?? 0) < value) {
        hash++;
      }
    }
    return { group: primaries, tried: [], current: undefined, misses: 0, rehash: 0, hash, key };
  }

  function choosePrimaryOrBackup(request: ReferenceRequest, now: number): Peer | undefined {
    const peer = choose(request, now);
    if (peer === undefined && request.group === primaries) {
      request.group = backups;
      return choose(request, now);
    }
    return peer;
  }

  /** What nginx did until it gave it up: nobody is left, so all are. @returns whether there is anybody. */
  function recoverQuickly(): boolean {
    const all = [...primaries.peers, ...backups.peers];
    const may = all.filter(({ server, conns }) => !isOut(server) && (server.maxConns === 0 || conns < server.maxConns));
    for (const each of may.length > 0 ? all : []) {
      each.fails = 0;
    }
    return may.length > 0;
  }

  function pick(request: ReferenceRequest, now: number): number {
    let peer = choosePrimaryOrBackup(request, now);
    if (peer === undefined && request.tried.length === 0 && recoverQuickly()) {
      panics++;
      Object.assign(request, begin(request.key));
      peer = choosePrimaryOrBackup(request, now);
    }
    if (peer === undefined) {
      return -1;
    }
    request.current = peer;
    request.tried.push(peer);
    peer.conns++;
    if (now - peer.checked > peer.server.failTimeout) {
      peer.checked = now;
    }
    return peer.index;
  }

  function done(request: ReferenceRequest, failed: boolean, now: number): void {
    const peer = request.current as Peer;
    peer.conns--;
    if (request.group.single) {
      return;
    }
    if (!failed) {
      if (peer.accessed < peer.checked) {
        peer.fails = 0;
      }
      return;
    }
    peer.fails++;
    peer.accessed = now;
    peer.checked = now;
    if (peer.server.maxFails > 0) {
      peer.effective = Math.max(peer.effective - Math.floor(peer.server.weight / peer.server.maxFails), 0);
    }
  }

  return { panics: () => panics, begin, pick, done };
}
