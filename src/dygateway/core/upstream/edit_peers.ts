import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { peerUnknown } from "./edit_errors.ts";
import type { Server, Upstream } from "./model.ts";

/** How an operator points at a peer: by its place in the peer list, or by its address. */
export type PeerTarget =
  | { readonly kind: "id"; readonly id: number; readonly backup: boolean }
  | { readonly kind: "address"; readonly address: string };

/** Servers that an error names one by one. */
const MOST_NAMED = 10;

/** Servers in rotation, primaries or backups, in the order that counts for `id`. */
export function peersOf(upstream: Upstream, backup: boolean): Server[] {
  return upstream.servers.filter((server) => !server.out && server.backup === backup);
}

/** Whether requests may still go to a server, as far as its definition says. */
export function isUsable(server: Server): boolean {
  return !server.out && !server.down && !server.drain;
}

export function hasUsablePeer(upstream: Upstream): boolean {
  return upstream.servers.some((server) => isUsable(server));
}

/** The server at an address, in rotation or not. */
export function serverAt(upstream: Upstream, address: string): Server | undefined {
  return upstream.servers.find((server) => server.address === address);
}

export function describeTarget(target: PeerTarget): string {
  return target.kind === "address" ? target.address : `id ${target.id}${target.backup ? " (backup)" : ""}`;
}

function listServers(upstream: Upstream): string {
  const named = upstream.servers.slice(0, MOST_NAMED).map((server) => server.address);
  const more = upstream.servers.length - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** The server that a target means. An address may mean one out of rotation too, an id only one in it. */
export function findPeer(name: string, upstream: Upstream, target: PeerTarget): Result<Server> {
  if (target.kind === "address") {
    const server = serverAt(upstream, target.address);
    return server === undefined
      ? failure(peerUnknown(name, target.address, `its servers are ${listServers(upstream)}`))
      : success(server);
  }
  const peers = peersOf(upstream, target.backup);
  const server = peers[target.id];
  if (server !== undefined) {
    return success(server);
  }
  const kind = target.backup ? "backup" : "primary";
  const range = peers.length === 0 ? `it has no ${kind} peers` : `its ${kind} peers are 0 to ${peers.length - 1}`;
  return failure(peerUnknown(name, describeTarget(target), range));
}

/** The upstream with one server in another's place. */
export function withServer(upstream: Upstream, before: Server, after: Server): Upstream {
  return { ...upstream, servers: upstream.servers.map((server) => (server === before ? after : server)) };
}
