import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { snapshotIsSaved, whileFrozen, workersOf } from "../promises/faults.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { until } from "../support/until.ts";
import type { Mood } from "./health_backends.ts";
import { useHealthCluster } from "./health_cluster.ts";

const health = useHealthCluster();
const { cluster } = health;

const QUICK = "interval=200ms timeout=150ms rise=2 fall=2";

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

describe("a peer that is checked", () => {
  const moods: readonly (readonly [mood: Mood, check: string, reason: string])[] = [
    ["error", "type=http", "status 500"],
    ["refuse", "type=http", "connection refused"],
    ["hang", "type=http", "timeout while waiting for the answer"],
    ["cut", "type=http", "the connection was closed without an answer"],
    ["reset", "type=http", "connection reset by peer"],
    ["refuse", "type=tcp", "connection refused"],
  ];
  for (const [mood, check, reason] of moods) {
    test(`goes down and comes back: ${check}, ${mood}`, async () => {
      const [good, bad] = [await health.backend("good"), await health.backend("bad")];
      const name = await health.upstream(`server ${good.address}; server ${bad.address} max_fails=0; check ${check} ${QUICK};`);
      expect(new Set(await health.visits(name, 20))).toEqual(new Set(["good", "bad"]));

      await bad.become(mood);
      const down = await health.isUp(name, bad.address, false);
      expect(down.health?.reason).toBe(reason);
      await health.isOpen(name, bad.address, false);
      expect(new Set(await health.visits(name, 40))).toEqual(new Set(["good"]));
      expect(cluster.gateway.errorLog()).toContain(`upstream '${name}': ${bad.address} is down after 2 failed checks: ${reason}`);

      await bad.become("ok");
      await health.isUp(name, bad.address, true);
      await health.isOpen(name, bad.address, true);
      expect(new Set(await health.visits(name, 40))).toEqual(new Set(["good", "bad"]));
      expect(cluster.gateway.errorLog()).toContain(`upstream '${name}': ${bad.address} is up after 2 successful checks`);
    });
  }

  test("is down while its body lacks the text, and the request is what the check says", async () => {
    const peer = await health.backend("texts");
    peer.body = "degraded";
    const name = await health.upstream(
      `server ${peer.address}; check type=http method=POST path=/live?deep=1 host=api.test expect=200,204 "body=all is ok" ${QUICK};`,
    );
    const down = await health.isUp(name, peer.address, false);
    expect(down.health?.reason).toBe('body does not contain "all is ok"');
    expect(peer.probeHeads.at(-1)).toEqual({ method: "POST", url: "/live?deep=1", host: "api.test" });
    peer.body = "well, all is ok here";
    await health.isUp(name, peer.address, true);
  });

  test("may be a unix socket", async () => {
    const peer = await health.backend("socket", { path: join(cluster.folder, "peer.sock") });
    const name = await health.upstream(`server ${peer.address}; check type=http ${QUICK};`);
    await until("it is probed", () => peer.probes.length > 2);
    await peer.become("refuse");
    const down = await health.isUp(name, peer.address, false);
    expect(down.health?.reason).toMatch(/no such file|connection refused/i);
    await peer.become("ok");
    await health.isUp(name, peer.address, true);
  });

  test("may be checked on another port", async () => {
    const [peer, checker] = [await health.backend("served"), await health.backend("checker")];
    const name = await health.upstream(`server ${peer.address}; check type=http port=${checker.address.split(":")[1]} ${QUICK};`);
    await checker.become("error");
    await health.isUp(name, peer.address, false);
    expect(peer.probes).toEqual([]);
  });

  test("is tried all the same when no peer is up", async () => {
    const peer = await health.backend("last");
    const name = await health.upstream(`server ${peer.address}; check type=http expect=204 ${QUICK};`);
    await health.isUp(name, peer.address, false);
    await health.isOpen(name, peer.address, false);
    expect(await health.visits(name, 3)).toEqual(["last", "last", "last"]);
    await until("it is counted", async () => (await health.status(name)).data.upstreams[name].panics === 3);
  });
});

describe("probes", () => {
  test("come from one worker: once an interval, however many workers there are", async () => {
    const peer = await health.backend("counted");
    await health.upstream(`server ${peer.address}; check type=http interval=200ms timeout=150ms;`);
    await until("probes come", () => peer.probes.length >= 3);
    const before = peer.probes.length;
    await pause(3000);
    const probes = peer.probes.length - before;
    expect(probes).toBeGreaterThanOrEqual(10);
    expect(probes).toBeLessThanOrEqual(16);
  });

  test("of many peers are spread over the interval", async () => {
    const peers = await Promise.all(Array.from({ length: 60 }, (_, i) => health.backend(`spread${i}`, { host: `127.1.0.${i + 1}` })));
    const name = await health.upstream(`${peers.map((peer) => `server ${peer.address};`).join(" ")} check type=http interval=2s timeout=1s;`);
    await until("each was probed twice", () => peers.every((peer) => peer.probes.length >= 3), 15_000);
    const times = peers.map((peer) => (peer.probes[2] ?? 0) % 2000);
    const slots = Array.from({ length: 10 }, (_, slot) => times.filter((time) => Math.floor(time / 200) === slot).length);
    // Six of sixty belong to each tenth of the interval.
    expect(Math.max(...slots), `by tenth of the interval: ${slots.join(" ")}`).toBeLessThan(24);
    await health.done("remove_upstream", { upstream: name });
    await until("nobody is probed any more", async () => {
      const counts = peers.map((peer) => peer.probes.length);
      await pause(2500);
      return peers.every((peer, i) => peer.probes.length === counts[i]);
    }, 12_000);
  });

  test("that hang do not hold up others", async () => {
    const [hanging, good] = [await health.backend("hanging"), await health.backend("prompt")];
    await hanging.become("hang");
    const name = await health.upstream(`server ${hanging.address}; server ${good.address}; check type=http interval=300ms timeout=5s fall=1;`);
    await until("the other is probed", () => good.probes.length >= 5);
    await good.become("error");
    await health.isUp(name, good.address, false, 3000);
  });
});

describe("an edit", () => {
  test("keeps the health of peers that stay; a new one starts as the check says", async () => {
    const [good, bad, late] = [await health.backend("good"), await health.backend("bad"), await health.backend("late")];
    await bad.become("error");
    const check = "check type=http interval=5s timeout=1s rise=1 fall=1 initial=down;";
    const name = await health.upstream(`server ${good.address}; server ${bad.address}; ${check}`);
    await health.isUp(name, good.address, true);
    const before = await health.isUp(name, bad.address, false);
    await until("the bad one was checked", async () => (await health.peer(name, bad.address)).health?.reason === "status 500");

    await late.become("hang");
    await health.done("add_upstream", { upstream: name, servers: `server ${good.address}; server ${bad.address}; server ${late.address}; ${check}` });
    await until("the new one is there", async () => (await health.peers(name)).length === 3);
    expect((await health.peer(name, bad.address)).health?.since).toBe(before.health?.since);
    expect(new Set(await health.visits(name, 30))).toEqual(new Set(["good"]));
    await late.become("ok");
    await health.isUp(name, late.address, true, 12_000);
    await health.isOpen(name, late.address, true);
  });

  test("that removes the check makes all peers healthy", async () => {
    const [good, bad] = [await health.backend("good"), await health.backend("bad")];
    await bad.become("error");
    const servers = `server ${good.address}; server ${bad.address};`;
    const name = await health.upstream(`${servers} check type=http ${QUICK};`);
    await health.isUp(name, bad.address, false);
    await health.isOpen(name, bad.address, false);
    await health.done("add_upstream", { upstream: name, servers: `${servers} no_check;` });
    await health.isOpen(name, bad.address, true);
    await until("it has no health any more", async () => (await health.peer(name, bad.address)).health === undefined);
  });
});

describe("what is known of peers", () => {
  test("was found out without a fault in the log", () => {
    expectNoFaults(cluster, "health checks");
  });

  test("survives the leader's death, and checks go on", async () => {
    const [good, bad] = [await health.backend("good"), await health.backend("bad")];
    await bad.become("error");
    const name = await health.upstream(`server ${good.address}; server ${bad.address}; check type=http interval=500ms timeout=300ms fall=1 rise=1;`);
    const before = await health.isUp(name, bad.address, false);
    await health.isOpen(name, bad.address, false);
    const leader = (await workersOf(cluster)).find((worker) => worker.leader);
    process.kill(leader?.pid ?? 0, "SIGKILL");
    for (let n = 0; n < 60; n++) {
      expect(await health.visit(name)).toBe("good");
    }
    const probes = good.probes.length;
    await until("another worker probes", () => good.probes.length > probes + 1);
    expect((await health.peer(name, bad.address)).health?.since).toBe(before.health?.since);
    await bad.become("ok");
    await health.isUp(name, bad.address, true);
  });

  test("is found out by another worker while the leader hangs, and stays so when it goes on", async () => {
    const [good, bad] = [await health.backend("good"), await health.backend("bad")];
    const name = await health.upstream(`server ${good.address}; server ${bad.address}; check type=http interval=300ms timeout=200ms fall=1 rise=1;`);
    await health.isUp(name, bad.address, true);
    const leader = (await workersOf(cluster)).find((worker) => worker.leader)?.pid ?? 0;
    await whileFrozen(leader, async () => {
      await bad.become("error");
      await until("another worker has found out", () => cluster.gateway.errorLog().includes(`upstream '${name}': ${bad.address} is down`), 10_000);
    });
    await health.isOpen(name, bad.address, false);
    const probes = bad.probes.length;
    await until("it is probed some more", () => bad.probes.length > probes + 5);
    expect(await health.peer(name, bad.address)).toMatchObject({ health: { up: false, reason: "status 500" } });
    await health.isOpen(name, bad.address, false);
  });

  /** With so many peers they are taken over after the others, or by their first request. */
  const manyDown = Array.from({ length: 300 }, (_, i) => ` server 127.0.1.1:${i + 1} down;`).join("");

  test.each([
    ["a few", "", true],
    ["hundreds", manyDown, true],
    ["a few, without Redis", "", false],
  ])("survives a reload and a restart, before any check has come, among %s", async (_, others, storeIsThere) => {
    const [good, bad] = [await health.backend("good"), await health.backend("bad")];
    await bad.become("error");
    const name = await health.upstream(`server ${good.address}; server ${bad.address} max_fails=0;${others} check type=http interval=60s timeout=1s fall=1;`);
    const before = await health.isUp(name, bad.address, false);

    const pids = (await workersOf(cluster)).map(({ pid }) => pid);
    cluster.gateway.reload();
    await until("all workers are new", async () => (await workersOf(cluster)).every(({ pid, alive }) => alive && !pids.includes(pid)), 15_000);
    expect(new Set(await health.visits(name, 40))).toEqual(new Set(["good"]));

    const recorded = `hc:${name} `;
    await until("it is on disk", () => {
      const lines = readFileSync(join(cluster.folder, "snapshot/health"), "utf8").split("\n");
      return lines.some((line) => line.startsWith(recorded) && line.includes('"reason":"status 500"'));
    });
    if (!storeIsThere) {
      await snapshotIsSaved(cluster);
      await cluster.redis.kill();
    }
    await cluster.restart(storeIsThere);
    expect(new Set(await health.visits(name, 40))).toEqual(new Set(["good"]));
    expect((await health.peer(name, bad.address)).health).toMatchObject({ up: false, since: before.health?.since, reason: "status 500" });
    if (!storeIsThere) {
      await cluster.redis.start();
      await cluster.ready();
    }
  });

  test("is not taken from a damaged file", async () => {
    const file = join(cluster.folder, "snapshot/health");
    await cluster.gateway.stop();
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"up":false', '"up":true'));
    cluster.gateway.start();
    await cluster.ready();
    expect(cluster.gateway.errorLog()).toContain(`${file} is not used: it is damaged, cut off or of another format`);
  });
});
