import { jsonNull, object } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { PeerHealth } from "../upstream/health.ts";

/** What one worker says of one of its peers; short names, as thousands of them go through the shared dict. */
export interface PeerNumbers {
  readonly address: string;
  /** The server it belongs to: the same, or the name that it is an address of. */
  readonly server: string;
  readonly backup: boolean;
  /** Tries that this worker began there since nginx started or was reloaded, and those that failed. */
  readonly requests: number;
  readonly failures: number;
  readonly conns: number;
  readonly fails: number;
  readonly open: boolean;
}

/** What one worker says of an upstream that it balances. */
export interface WorkerUpstream {
  /** Equal where two workers have the same definition in force. */
  readonly digest: string;
  readonly panics: number;
  readonly peers: readonly PeerNumbers[];
}

export interface WorkerAnswer {
  readonly id: number;
  readonly pid: number;
  readonly revision: number;
  readonly upstreams: Lookup<WorkerUpstream>;
}

export function healthAnswer(health: PeerHealth | undefined): JsonObject | undefined {
  if (health === undefined) {
    return undefined;
  }
  return object([
    ["up", health.up],
    ["since", Math.floor(health.since)],
    ["checked", health.checked === 0 ? jsonNull : Math.floor(health.checked)],
    ["reason", health.reason],
  ]);
}

function workerAnswer(id: number, peer: PeerNumbers): JsonObject {
  return object([
    ["id", id],
    ["requests", peer.requests],
    ["failures", peer.failures],
    ["conns", peer.conns],
    ["fails", peer.fails],
    ["open", peer.open],
  ]);
}

interface Sum {
  readonly peer: PeerNumbers;
  requests: number;
  failures: number;
  conns: number;
  readonly workers: JsonValue[];
}

/** The same peer in all workers: sums, and what each of them says. */
function peersAnswer(name: string, answers: readonly WorkerAnswer[], health: Lookup<PeerHealth>): JsonValue[] {
  const sums: Lookup<Sum> = lookup();
  const order: Sum[] = [];
  for (const answer of answers) {
    for (const peer of answer.upstreams[name]?.peers ?? []) {
      let sum = sums[peer.address];
      if (sum === undefined) {
        sum = { peer, requests: 0, failures: 0, conns: 0, workers: [] };
        sums[peer.address] = sum;
        order.push(sum);
      }
      sum.requests += peer.requests;
      sum.failures += peer.failures;
      sum.conns += peer.conns;
      sum.workers.push(workerAnswer(answer.id, peer));
    }
  }
  return order.map(({ peer, requests, failures, conns, workers }) =>
    object([
      ["name", peer.address],
      ["server", peer.server],
      ["backup", peer.backup],
      ["requests", requests],
      ["failures", failures],
      ["conns", conns],
      ["health", healthAnswer(health[peer.address])],
      ["workers", workers],
    ]),
  );
}

/**
 * What the workers of a node say of an upstream. `agreed`: all of them have the same definition in force; null where
 * nginx itself serves it, and no worker has numbers.
 */
export function upstreamStatus(name: string, source: string, answers: readonly WorkerAnswer[], health: Lookup<PeerHealth>): JsonObject {
  let panics = 0;
  let agreed = true;
  let isServed = false;
  const digest = answers[0]?.upstreams[name]?.digest;
  for (const answer of answers) {
    const own = answer.upstreams[name];
    panics += own?.panics ?? 0;
    agreed = agreed && own?.digest === digest;
    isServed = isServed || own !== undefined;
  }
  return object([
    ["source", source],
    ["agreed", isServed ? agreed : jsonNull],
    ["panics", panics],
    ["peers", peersAnswer(name, answers, health)],
  ]);
}
