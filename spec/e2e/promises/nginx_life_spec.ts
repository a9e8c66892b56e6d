import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { useCluster, WORKERS } from "../support/cluster.ts";
import { workerPids } from "../support/error_log.ts";
import { until } from "../support/until.ts";
import { snapshotIsSaved, storeIs, workersOf, writeLevels } from "./faults.ts";
import { KeptConnection } from "./kept_connection.ts";
import { byRange, bySuffix, otherLevels, threeLevels } from "./users.ts";
import { putInForce, storeGroup, witnessed, type Witness } from "./witness.ts";

const cluster = useCluster();

/** Asks nginx to reload, and waits until the workers of before are about to leave and as many others follow. */
async function reload(): Promise<void> {
  const before = await workerPids(cluster);
  cluster.gateway.reload();
  await until("new workers serve", async () => {
    const now = await workerPids(cluster);
    return now.length === WORKERS && !now.some((pid) => before.includes(pid)) && before.every(isLeaving);
  }, 15_000);
}

/** Whether a worker only finishes what it has begun, or is gone. */
function isLeaving(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return !existsSync(file) || readFileSync(file, "utf8").includes("shutting down");
}

/** Ends nginx and starts it again; the witness is there as soon as its port is. */
async function restart(witness: Witness): Promise<void> {
  await witness.pause();
  await cluster.gateway.stop();
  cluster.gateway.start();
  await until("nginx listens", async () => (await cluster.send("nobody.test")).status === 200);
  witness.resume();
  await witness.more(200);
}

describe("nginx reloads", () => {
  test("three times, with Redis, between changes", async () => {
    await witnessed(cluster, "nginx reload", threeLevels, async (witness, host) => {
      for (const levels of [otherLevels, threeLevels, otherLevels]) {
        await reload();
        await putInForce(witness, cluster, host, levels);
      }
    }, { reloads: 3 });
  });

  test("while a change is under way", async () => {
    await witnessed(cluster, "nginx reload during changes", threeLevels, async (witness, host) => {
      const ids = [await storeGroup(cluster, otherLevels), await storeGroup(cluster, threeLevels)];
      const reloaded = reload();
      for (let n = 0; n < 20; n++) {
        witness.begin(n % 2 === 0 ? otherLevels : threeLevels);
        // Workers come and go: how many have it is not for this test to say, whether all answers are right is.
        await cluster.done("runtime_set", { hostname: host, policygroupid: ids[n % 2] ?? -1 });
        await sleep(0);
      }
      await reloaded;
      await putInForce(witness, cluster, host, otherLevels);
    }, { reloads: 1 });
  });

  test("connections that an old worker has accepted, and that ask only after a change", async () => {
    await witnessed(cluster, "nginx reload, late requests", threeLevels, async (witness, host) => {
      const before = await workerPids(cluster);
      const connections = Array.from({ length: 16 }, () => new KeptConnection(cluster.port));
      await witness.more(100);
      await reload();
      await putInForce(witness, cluster, host, otherLevels);
      const answers: string[] = [];
      let byOldWorkers = 0;
      for (const connection of connections) {
        try {
          const { head, body } = await connection.ask(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-Uid: 7000001\r\n\r\n`);
          answers.push(body);
          byOldWorkers += before.includes(Number(/\r\nx-worker: (\d+)/i.exec(head)?.[1])) ? 1 : 0;
        } catch (error) {
          // An nginx that closes them instead is right too: nothing was asked yet.
          expect(error).toMatchObject({ answerBegun: false });
        }
        connection.close();
      }
      console.info(`${answers.length} of 16 connections were answered, ${byOldWorkers} by workers of before the reload`);
      expect(answers).toEqual(answers.map(() => "this is beta2 server\n"));
    }, { reloads: 1 });
  });

  test("without Redis", async () => {
    await witnessed(cluster, "nginx reload without Redis", threeLevels, async (witness, host) => {
      await snapshotIsSaved(cluster);
      await cluster.redis.kill();
      await reload();
      await witness.more(300);
      await cluster.redis.start();
      await storeIs(cluster, true);
      await putInForce(witness, cluster, host, otherLevels);
    }, { reloads: 1 });
  });
});

describe("nginx ends and starts", () => {
  test("with Redis", async () => {
    await witnessed(cluster, "nginx restart", threeLevels, async (witness, host) => {
      await snapshotIsSaved(cluster);
      await restart(witness);
      await cluster.ready();
      await putInForce(witness, cluster, host, otherLevels);
    }, { reloads: 1 });
  });

  test("with Redis, in which things changed meanwhile", async () => {
    await witnessed(cluster, "nginx restart, changed meanwhile", threeLevels, async (witness, host) => {
      const policies = await cluster.divert(cluster.newHost(), ...otherLevels.map(({ policy }) => policy));
      await snapshotIsSaved(cluster);
      await witness.pause();
      await cluster.gateway.stop();
      await writeLevels(cluster, host, policies);
      witness.begin(otherLevels);
      await restart(witness);
      await cluster.ready();
      await until("it is served", async () => (await cluster.ask(host, { headers: { "X-Uid": "7000001" } })) === "beta2");
      const { revision } = (await cluster.done("status")).data;
      await until("by every worker", async () => (await workersOf(cluster)).every((worker) => worker.revision === revision));
      await witness.more(100);
      witness.settle();
    }, { reloads: 1 });
  });

  test("without Redis: what was in force, from the first request", async () => {
    await witnessed(cluster, "nginx restart without Redis", threeLevels, async (witness, host) => {
      await snapshotIsSaved(cluster);
      await cluster.redis.kill();
      await restart(witness);
      await cluster.ready(false);
      await restart(witness);
      await cluster.ready(false);
      expect(cluster.gateway.errorLog()).toMatch(/serving revision \d+ with \d+ runtimes from the snapshot/);
      await cluster.redis.start();
      await storeIs(cluster, true);
      await putInForce(witness, cluster, host, otherLevels);
    }, { reloads: 2 });
  });
});

describe("workers are killed", () => {
  test("ten times in a row, the leader among them, between changes", async () => {
    await witnessed(cluster, "worker kill -9, ten times", threeLevels, async (witness, host) => {
      for (let n = 0; n < 10; n++) {
        const workers = await workersOf(cluster);
        const victim = workers.find(({ leader }) => leader === (n % 2 === 0));
        process.kill(victim?.pid ?? -1, "SIGKILL");
        await until("another is there, and one leads", async () => {
          const now = await workersOf(cluster);
          const isWhole = now.every(({ alive, pid }) => alive && pid !== victim?.pid);
          return isWhole && now.length === WORKERS && now.filter(({ leader }) => leader).length === 1;
        }, 10_000);
        await putInForce(witness, cluster, host, n % 2 === 0 ? otherLevels : threeLevels);
      }
    }, { kills: 10 });
  });

  test("the leader three times, and the rules that it has left on the disk go with the states that they belong to", async () => {
    const folder = join(cluster.folder, "snapshot");
    const unusedRules = (): string[] => {
      const states = ["state", "state.previous"].map((name) => readFileSync(join(folder, name), "utf8")).join("");
      return readdirSync(folder).filter((name) => name.startsWith("rules-") && !states.includes(name.slice("rules-".length)));
    };
    await witnessed(cluster, "leader kill -9 between changes", [bySuffix("beta1")], async (witness, host) => {
      await snapshotIsSaved(cluster);
      const before = unusedRules();
      for (const upstream of ["beta2", "beta3", "beta4"] as const) {
        process.kill((await workersOf(cluster)).find(({ leader }) => leader)?.pid ?? -1, "SIGKILL");
        await until("another leads", async () => (await workersOf(cluster)).some(({ alive, leader }) => alive && leader), 10_000);
        await putInForce(witness, cluster, host, [bySuffix(upstream)]);
        await snapshotIsSaved(cluster);
      }
      await putInForce(witness, cluster, host, [byRange("beta1")]);
      await snapshotIsSaved(cluster);
      await until("they are gone", () => unusedRules().every((name) => before.includes(name)));
    }, { kills: 3 });
  });

  test("all at once", async () => {
    await witnessed(cluster, "every worker kill -9 at once", threeLevels, async (witness, host) => {
      const victims = await workerPids(cluster);
      // The witness' connections go with their workers; those that nobody accepts yet wait for the next.
      for (const pid of victims) {
        process.kill(pid, "SIGKILL");
      }
      await until("others are there", async () => {
        const now = await workerPids(cluster);
        return now.length === WORKERS && !now.some((pid) => victims.includes(pid));
      }, 10_000);
      await putInForce(witness, cluster, host, otherLevels);
    }, { kills: 1 });
  });
});
