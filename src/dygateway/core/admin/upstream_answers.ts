import { jsonNull, object } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import type { FoundUpstream } from "../store/upstream_reads.ts";
import { peersOf } from "../upstream/edit_peers.ts";
import type { HealthCheck, Keepalive, Server, Upstream } from "../upstream/model.ts";
import { printBalance, printUpstreamBody } from "../upstream/print.ts";

/** What one worker knows of a peer while it serves. */
export interface LivePeer {
  readonly effectiveWeight: number;
  readonly currentWeight: number;
  readonly conns: number;
  readonly fails: number;
  readonly healthy: boolean;
}

/** @returns undefined where this worker does not balance the server. */
export type LivePeers = (this: void, server: Server) => LivePeer | undefined;

/** A peer in the deployed system's fields; `down` only where it is, and after it what that system did not have. */
function peerAnswer(server: Server, id: number, live: LivePeer | undefined): JsonObject {
  return object([
    ["id", id],
    ["name", server.address],
    ["weight", server.weight],
    ["effective_weight", live?.effectiveWeight ?? server.weight],
    ["current_weight", live?.currentWeight ?? 0],
    ["conns", live?.conns ?? 0],
    ["fails", live?.fails ?? 0],
    ["max_fails", server.maxFails],
    ["fail_timeout", server.failTimeout],
    ["down", server.down ? true : undefined],
    ["drain", server.drain ? true : undefined],
    ["max_conns", server.maxConns === 0 ? undefined : server.maxConns],
    ["slow_start", server.slowStart === 0 ? undefined : server.slowStart],
    ["healthy", live?.healthy === false ? false : undefined],
  ]);
}

/** The peers of an upstream, primaries or backups; their places in the list are their ids. */
export function peersAnswer(upstream: Upstream, backup: boolean, live: LivePeers): JsonValue[] {
  return peersOf(upstream, backup).map((server, id) => peerAnswer(server, id, live(server)));
}

/** Every server, also those out of rotation, as it is defined. */
export function serversAnswer(upstream: Upstream): JsonValue[] {
  return upstream.servers.map((server) =>
    object([
      ["name", server.address],
      ["weight", server.weight],
      ["max_fails", server.maxFails],
      ["fail_timeout", server.failTimeout],
      ["max_conns", server.maxConns],
      ["slow_start", server.slowStart],
      ["backup", server.backup],
      ["down", server.down],
      ["drain", server.drain],
      ["in_rotation", !server.out],
    ]),
  );
}

/** The strategy in the words of an upstream body, without the `;`. */
export function strategyWords(upstream: Upstream): string {
  const statement = printBalance(upstream.balance);
  return statement === "" ? "round_robin" : statement.slice(0, statement.length - 1);
}

function keepaliveAnswer(keepalive: Keepalive | undefined): JsonValue {
  if (keepalive === undefined) {
    return jsonNull;
  }
  return object([
    ["connections", keepalive.connections],
    ["timeout", keepalive.timeout],
    ["requests", keepalive.requests],
  ]);
}

/**
 * What the gateway's own balancing does not go by: idle connections of all dynamic upstreams are kept in one block.
 * Follows `success ` in an answer.
 */
export const keepaliveNote =
  " keepalive_timeout and keepalive_requests are written to upstream.conf only: nginx.conf sets them for all dynamic upstreams together";

function checkAnswer(check: HealthCheck | undefined): JsonValue {
  if (check === undefined) {
    return jsonNull;
  }
  const isHttp = check.type === "http";
  return object([
    ["type", check.type],
    ["method", isHttp ? check.method : undefined],
    ["path", isHttp ? check.path : undefined],
    ["host", isHttp ? check.host : undefined],
    ["expect", isHttp ? [...check.expect] : undefined],
    ["body", isHttp ? check.body : undefined],
    ["interval", check.interval],
    ["timeout", check.timeout],
    ["rise", check.rise],
    ["fall", check.fall],
    ["port", check.port],
    ["initial", check.initial],
  ]);
}

/** The whole definition of an upstream. @param health undefined where nobody has anything to say of it. */
export function upstreamAnswer(found: FoundUpstream, upstream: Upstream, health: JsonValue | undefined): JsonObject {
  return object([
    ["upstream", found.name],
    ["source", found.source],
    ["body", printUpstreamBody(upstream)],
    ["strategy", strategyWords(upstream)],
    ["keepalive", keepaliveAnswer(upstream.keepalive)],
    ["check", checkAnswer(upstream.check)],
    ["servers", serversAnswer(upstream)],
    ["health", health],
  ]);
}

