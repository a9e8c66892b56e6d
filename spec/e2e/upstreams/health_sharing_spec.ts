import { describe, expect, test } from "vitest";
import { workersOf } from "../promises/faults.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { WORKERS } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { useHealthCluster } from "./health_cluster.ts";

const health = useHealthCluster();
const { cluster } = health;

const ROUNDS = 15;
const LIMIT_MS = 100;

/** How long it takes from an answer until every worker says so; asking them takes a part of it. */
async function timeUntil(name: string, address: string, open: boolean): Promise<number> {
  const start = performance.now();
  await health.isOpen(name, address, open);
  return performance.now() - start;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Infinity;
}

describe("a failure that one worker sees", () => {
  test(`is known to the others within ${LIMIT_MS} ms`, async () => {
    const good = await health.backend("good");
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bad = await health.backend("bad");
      await bad.become("refuse");
      const name = await health.upstream(`server ${bad.address} fail_timeout=60s; server ${good.address} backup;`);
      // Its only primary: the first request tries it.
      expect(await health.visit(name)).toBe("good");
      times.push(await timeUntil(name, bad.address, false));
      const { failures } = await health.peer(name, bad.address);
      expect(failures).toBe(1);
      expect(new Set(await health.visits(name, WORKERS * 4))).toEqual(new Set(["good"]));
      expect((await health.peer(name, bad.address)).failures, "nobody else had to find out").toBe(1);
    }
    expect(median(times), `took ${times.map((time) => time.toFixed(0)).join(", ")} ms`).toBeLessThanOrEqual(LIMIT_MS);
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

  test("is over in all of them when one sees the peer recover", async () => {
    const [good, bad] = [await health.backend("good"), await health.backend("back")];
    await bad.become("refuse");
    const name = await health.upstream(`server ${bad.address} fail_timeout=1s; server ${good.address} backup;`);
    expect(await health.visit(name)).toBe("good");
    await health.isOpen(name, bad.address, false);
    await bad.become("ok");
    await until("it is tried again", async () => (await health.visit(name)) === "back");
    const start = performance.now();
    await until("no worker counts a failure", async () => (await health.peer(name, bad.address)).workers.every(({ fails }) => fails === 0));
    expect(performance.now() - start).toBeLessThan(1000);
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
