import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { useCluster, WORKERS } from "../support/cluster.ts";
import { numberFrom } from "../support/seeded_dice.ts";
import { KeptConnection } from "./kept_connection.ts";
import { bySuffix } from "./users.ts";
import { storeGroup, witnessed } from "./witness.ts";

const CHANGES = numberFrom("CHANGES", 200);
/** Generous: how fast it is `make bench ONLY=changes` says. This machine may have other things to do. */
const BOUND_MS = 1000;
/** After so long no worker may give the old answer. */
const STALE_MS = 100;
const MOST_CONNECTIONS = 200;
const MOST_REQUESTS = 400;
const PACE_MS = 2;

const cluster = useCluster();

const one = [bySuffix("beta1")];
const two = [bySuffix("beta2")];

/** One kept connection to each worker. */
async function connectionToEach(host: string): Promise<KeptConnection[]> {
  const found = new Map<string, KeptConnection>();
  for (let n = 0; n < MOST_CONNECTIONS && found.size < WORKERS; n++) {
    const connection = new KeptConnection(cluster.port);
    const { head } = await connection.ask(request(host));
    const worker = /\r\nx-worker: (\d+)/i.exec(head)?.[1] ?? "";
    if (found.has(worker)) {
      connection.close();
    } else {
      found.set(worker, connection);
    }
  }
  expect(found.size).toBe(WORKERS);
  return [...found.values()];
}

function request(host: string): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Uid: 1\r\n\r\n`;
}

interface Followed {
  /** Milliseconds after the change was sent. */
  readonly first: number;
  readonly stale: number;
}

test(`${CHANGES} changes reach the last of ${WORKERS} workers, under load`, async () => {
  await witnessed(cluster, `${CHANGES} changes`, one, async (witness, host) => {
    const ids = [await storeGroup(cluster, two), await storeGroup(cluster, one)];
    let connections = await connectionToEach(host);
    let answered = Infinity;

    /** Asks a worker again and again, until a moment after the change was answered. */
    async function follow(connection: KeptConnection, upstream: string, begun: number): Promise<Followed> {
      let first = Infinity;
      let stale = 0;
      for (;;) {
        const sent = performance.now();
        const { body } = await connection.ask(request(host));
        const isNew = body === `this is ${upstream} server\n`;
        if (isNew && first === Infinity) {
          first = performance.now() - begun;
        }
        if (!isNew && sent > answered + STALE_MS) {
          stale++;
        }
        if (isNew && performance.now() > answered) {
          return { first, stale };
        }
        if (performance.now() > begun + 2 * BOUND_MS) {
          return { first, stale: stale + 1 };
        }
        await pause(PACE_MS);
      }
    }

    const untilLast: number[] = [];
    const untilAnswer: number[] = [];
    let stale = 0;
    try {
      for (let n = 0; n < CHANGES; n++) {
        if (connections.some(({ asked }) => asked > MOST_REQUESTS)) {
          // Before nginx does, after a thousand requests.
          for (const connection of connections) {
            connection.close();
          }
          connections = await connectionToEach(host);
        }
        const [levels, upstream] = n % 2 === 0 ? [two, "beta2"] : [one, "beta1"];
        answered = Infinity;
        const begun = performance.now();
        const following = connections.map((connection) => follow(connection, upstream, begun));
        await witness.change(levels, () => cluster.done("runtime_set", { hostname: host, policygroupid: ids[n % 2] ?? -1 }));
        answered = performance.now();
        untilAnswer.push(answered - begun);
        const followed = await Promise.all(following);
        untilLast.push(Math.max(...followed.map(({ first }) => first)));
        stale += followed.reduce((sum, { stale: found }) => sum + found, 0);
      }
    } finally {
      for (const connection of connections) {
        connection.close();
      }
    }
    const last = distribution(untilLast);
    console.info(`change sent → last worker: ${last.text}; → answer: ${distribution(untilAnswer).text}; stale ${STALE_MS} ms after the answer: ${stale}`);
    expect(stale).toBe(0);
    expect(last.p99).toBeLessThan(BOUND_MS);
  });
}, 120_000);

function distribution(times: readonly number[]): { readonly p99: number; readonly text: string } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  const p99 = at(0.99);
  return { p99, text: `p50 ${at(0.5).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, max ${at(1).toFixed(0)} ms` };
}
