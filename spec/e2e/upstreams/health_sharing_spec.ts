import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { workersOf } from "../promises/faults.ts";
import type { KeptConnection } from "../promises/kept_connection.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { WORKERS } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { closeAll, connectionToEachWorker } from "../support/worker_connections.ts";
import type { Mood, MoodyBackend } from "./health_backends.ts";
import { useHealthCluster } from "./health_cluster.ts";

const health = useHealthCluster();
const { cluster } = health;

const ROUNDS = 10;
const LIMIT_MS = 100;
/** One round of ten may be late, as the machine may be busy with other things; none may be so late. */
const MOST_LATE = Math.floor(ROUNDS / 10);
const LATEST_MS = 1000;

type Look = () => Promise<boolean>;

/** Who answers requests to an upstream that are sent at the same time, one on each connection. */
async function answerersOn(connections: readonly KeptConnection[], name: string): Promise<string[]> {
  const answers = await Promise.all(connections.map((connection) => connection.ask(`GET /?upstream=${name} HTTP/1.1\r\nHost: any.test\r\n\r\n`)));
  return answers.map(({ body }) => /this is (\w+) server/.exec(body)?.[1] ?? body);
}

/**
 * Looks until it is so. @returns milliseconds after the call when the last look began that saw it was not yet so: what
 * the looks themselves cost is no part of it.
 */
async function lastNotYet(what: string, look: Look): Promise<number> {
  const start = performance.now();
  let last = 0;
  await until(what, async () => {
    const begun = performance.now() - start;
    const isSo = await look();
    last = isSo ? last : begun;
    return isSo;
  }, LATEST_MS);
  return last;
}

describe("what a check finds out", () => {
  /** Waits for the probe that is answered by the backend as it is now. @returns once the limit is over since. */
  async function limitAfterProbe(backend: MoodyBackend, mood: Mood): Promise<void> {
    const before = backend.probes.length;
    await backend.become(mood);
    await until("it is probed", () => backend.probes.length > before);
    await sleep(LIMIT_MS - (performance.now() - (backend.probes[before] ?? 0)));
  }

  test(`is known to all workers within ${LIMIT_MS} ms, down and up`, async () => {
    const good = await health.backend("good");
    const connections = await connectionToEachWorker(cluster.port, "/?upstream=stable");
    const late: number[] = [];
    const backend = await health.backend("checked");
    // Its only primary: any worker that takes it to be up goes there.
    const name = await health.upstream(`server ${backend.address} max_fails=0; server ${good.address} backup; check type=http interval=100ms timeout=90ms rise=1 fall=1;`);
    const countLate = async (mood: Mood, expected: string): Promise<void> => {
      await limitAfterProbe(backend, mood);
      late.push((await answerersOn(connections, name)).filter((who) => who !== expected).length);
      await health.isOpen(name, backend.address, mood === "ok", LATEST_MS);
    };
    for (let round = 0; round < ROUNDS; round++) {
      await countLate("error", "good");
      await countLate("ok", "checked");
    }
    closeAll(connections);
    expect(late.filter((workers) => workers > 0).length, `workers that did not know, by change: ${late.join(", ")}`).toBeLessThanOrEqual(2 * MOST_LATE);
  });
});

describe("a failure that one worker sees", () => {
  test(`is known to the others within ${LIMIT_MS} ms`, async () => {
    const good = await health.backend("good");
    const [first, ...others] = await connectionToEachWorker(cluster.port, "/?upstream=stable");
    const late: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bad = await health.backend("bad");
      await bad.become("refuse");
      const name = await health.upstream(`server ${bad.address} fail_timeout=60s; server ${good.address} backup;`);
      // Its only primary: the first request tries it, and so does any later one whose worker does not know.
      expect(await answerersOn([first as KeptConnection], name)).toEqual(["good"]);
      await sleep(LIMIT_MS);
      expect(await answerersOn(others, name)).toEqual(others.map(() => "good"));
      late.push((await health.peer(name, bad.address)).failures - 1);
      await health.isOpen(name, bad.address, false, LATEST_MS);
    }
    closeAll([first as KeptConnection, ...others]);
    expect(late.filter((workers) => workers > 0).length, `workers that did not know, by round: ${late.join(", ")}`).toBeLessThanOrEqual(MOST_LATE);
  });

  test("counts towards max_fails in all of them", async () => {
    const [good, bad] = [await health.backend("good"), await health.backend("bad")];
    await bad.become("refuse");
    const name = await health.upstream(`server ${bad.address} max_fails=3 fail_timeout=60s; server ${good.address} backup;`);
    for (let failures = 1; failures <= 3; failures++) {
      expect(await health.visit(name)).toBe("good");
      await until(`all workers count ${failures}`, async () => (await health.peer(name, bad.address)).workers.every(({ fails }) => fails === failures));
    }
    await health.isOpen(name, bad.address, false);
    await health.visits(name, 20);
    expect((await health.peer(name, bad.address)).failures).toBe(3);
  });

  test(`is over in all of them within ${LIMIT_MS} ms when one sees the peer recover`, async () => {
    const [good, bad] = [await health.backend("good"), await health.backend("back")];
    await bad.become("refuse");
    const names = await Promise.all(Array.from({ length: ROUNDS }, () => health.upstream(`server ${bad.address} fail_timeout=1s; server ${good.address} backup;`)));
    for (const name of names) {
      expect(await health.visit(name)).toBe("good");
    }
    for (const name of names) {
      await health.isOpen(name, bad.address, false);
    }
    await bad.become("ok");
    const late: number[] = [];
    for (const name of names) {
      await until("it is tried again", async () => (await health.visit(name)) === "back");
      const everyoneKnows = async (): Promise<boolean> => (await health.peer(name, bad.address)).workers.every(({ fails }) => fails === 0);
      late.push(await lastNotYet("no worker counts a failure", everyoneKnows));
    }
    const shown = late.map((time) => time.toFixed(0)).join(", ");
    expect(late.filter((time) => time > LIMIT_MS).length, `not yet known after ${shown} ms`).toBeLessThanOrEqual(MOST_LATE);
  });

  test("is one of thousands when a peer is gone under load, and all workers still agree", async () => {
    const [good, bad] = [await health.backend("good"), await health.backend("bad")];
    await bad.become("refuse");
    // Counted, but never enough of them: each request tries it.
    const name = await health.upstream(`server ${bad.address} max_fails=1000000 weight=100 fail_timeout=60s; server ${good.address} backup;`);
    await Promise.all(Array.from({ length: 8 }, () => health.visits(name, 250)));
    await until("all workers have counted them all", async () => {
      const { workers, failures } = await health.peer(name, bad.address);
      return failures === 2000 && workers.every(({ fails }) => fails === 2000);
    }, 10_000);
  });

  async function replaceWorker(leads = false): Promise<void> {
    const victim = (await workersOf(cluster)).find((worker) => worker.leader === leads);
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await until("it has a successor", async () => {
      const workers = await workersOf(cluster);
      return workers.every(({ alive, pid }) => alive && pid !== victim?.pid) && workers.length === WORKERS;
    }, 15_000);
  }

  /** An upstream of which every worker there has heard that its first peer fails. */
  async function upstreamWithFailedPeer(): Promise<{ readonly name: string; readonly failed: string }> {
    const [good, bad] = [await health.backend("good"), await health.backend("bad")];
    await bad.become("refuse");
    const name = await health.upstream(`server ${bad.address} fail_timeout=60s; server ${good.address} backup;`);
    expect(await health.visit(name)).toBe("good");
    await health.isOpen(name, bad.address, false);
    return { name, failed: bad.address };
  }

  test("is known to workers that come just after it", async () => {
    expectNoFaults(cluster, "shared failures");
    for (let round = 0; round < 5; round++) {
      // It may not be on record yet.
      const { name, failed } = await upstreamWithFailedPeer();
      await replaceWorker();
      await health.isOpen(name, failed, false, 3000);
    }
  });

  test("is known to the worker that comes in the place of a leader that was killed just after it", async () => {
    for (let round = 0; round < 5; round++) {
      const { name, failed } = await upstreamWithFailedPeer();
      await replaceWorker(true);
      await health.isOpen(name, failed, false, 3000);
    }
  });

  test("is known to workers that come later", async () => {
    const { name, failed } = await upstreamWithFailedPeer();
    const pids = (await workersOf(cluster)).map(({ pid }) => pid);
    cluster.gateway.reload();
    await until("all workers are new", async () => (await workersOf(cluster)).every(({ pid, alive }) => alive && !pids.includes(pid)), 15_000);
    await health.isOpen(name, failed, false);
    expect(new Set(await health.visits(name, 20))).toEqual(new Set(["good"]));
  });
});
