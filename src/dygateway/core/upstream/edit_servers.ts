import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { lastServer, onlyBackupsLeft, serverNotDefined } from "./edit_errors.ts";
import { findPeer, peersOf, serverAt, withServer } from "./edit_peers.ts";
import type { PeerTarget } from "./edit_peers.ts";
import { serverDefaults } from "./model.ts";
import type { Server, Upstream } from "./model.ts";

/** What an edit may say of a server; what it does not say stays. */
export interface ServerFields {
  readonly weight?: number;
  readonly maxFails?: number;
  readonly failTimeout?: number;
  readonly maxConns?: number;
  readonly slowStart?: number;
  readonly backup?: boolean;
  readonly down?: boolean;
  readonly drain?: boolean;
}

/**
 * Defines a server and puts it into rotation: an operator who takes only this one of the two steps expects traffic. One
 * that is there already is defined anew as far as the edit says.
 */
export function addServer(upstream: Upstream, address: string, fields: ServerFields): Upstream {
  const known = serverAt(upstream, address);
  const server: Server = { ...(known ?? { ...serverDefaults, address }), ...fields, out: false, drain: false };
  return known === undefined
    ? { ...upstream, servers: upstream.servers.concat([server]) }
    : withServer(upstream, known, server);
}

/** Puts a defined server into rotation; one that is there is as it should be. A drain of it ends. */
export function addPeer(name: string, upstream: Upstream, address: string): Result<Upstream> {
  const server = serverAt(upstream, address);
  return server === undefined
    ? failure(serverNotDefined(name, address))
    : success(withServer(upstream, server, { ...server, out: false, drain: false }));
}

/** Takes a server out of rotation; it stays known. One that is not there is out of rotation, too. */
export function removePeer(upstream: Upstream, address: string): Upstream {
  const server = serverAt(upstream, address);
  return server === undefined ? upstream : withServer(upstream, server, { ...server, out: true });
}

/** Forgets a server, also one in rotation. The last one stays: an upstream without servers is none. */
export function removeServer(name: string, upstream: Upstream, address: string): Result<Upstream> {
  const servers = upstream.servers.filter((server) => server.address !== address);
  if (servers.length === upstream.servers.length) {
    return success(upstream);
  }
  if (servers.length === 0) {
    return failure(lastServer(name, address));
  }
  return servers.every((server) => server.backup)
    ? failure(onlyBackupsLeft(name, address))
    : success({ ...upstream, servers });
}

/** Changes fields of a peer. */
export function setPeer(name: string, upstream: Upstream, target: PeerTarget, fields: ServerFields): Result<Upstream> {
  const server = findPeer(name, upstream, target);
  if (!server.ok) {
    return server;
  }
  return success(withServer(upstream, server.value, { ...server.value, ...fields }));
}

/** Servers of an upstream by what they do, for a summary. */
export function countServers(upstream: Upstream): { readonly primary: number; readonly backup: number; readonly out: number } {
  const primary = peersOf(upstream, false).length;
  const backup = peersOf(upstream, true).length;
  return { primary, backup, out: upstream.servers.length - primary - backup };
}
