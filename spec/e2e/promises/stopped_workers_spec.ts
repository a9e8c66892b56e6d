import { describe, expect, test } from "vitest";
import { useCluster, WORKERS, type Cluster } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { hasCaughtUp, oneWorker, whileFrozen, workersOf, writeLevels, type WorkerStatus } from "./faults.ts";
import { useProxiedRedis } from "./proxied_redis.ts";
import { bySuffix, otherLevels, threeLevels } from "./users.ts";
import { putInForce, storeGroup, witnessed } from "./witness.ts";

async function anotherLeads(cluster: Cluster, than: number): Promise<void> {
  await until("another worker leads", async () => (await workersOf(cluster)).some(({ leader, alive, pid }) => leader && alive && pid !== than), 10_000);
}

describe("a worker is stopped (SIGSTOP)", () => {
  const cluster = useCluster();

  for (const leads of [false, true]) {
    test(leads ? "the leader: another takes over" : "a worker that does not lead", async () => {
      await witnessed(cluster, `${leads ? "the leader" : "a worker"} stopped and continued`, threeLevels, async (witness, host) => {
        const victim = await oneWorker(cluster, leads);
        const before = (await cluster.done("status")).data.revision as number;
        await witness.avoid(victim.pid);
        await whileFrozen(victim.pid, async () => {
          // The first two are answered when the worker does not count as alive any more, or another leads.
          const policygroupid = await storeGroup(cluster, otherLevels);
          await witness.change(otherLevels, () => cluster.done("runtime_set", { hostname: host, policygroupid }), WORKERS - 1);
          await witness.more(100);
          const { data } = await cluster.done("status");
          const workers = data.workers as (WorkerStatus & { readonly seen_ms_ago: number })[];
          const stopped = workers.find(({ pid }) => pid === victim.pid);
          expect(stopped).toMatchObject({ alive: false, revision: before });
          expect(stopped?.seen_ms_ago).toBeGreaterThan(1000);
          expect(workers.filter(({ alive, revision }) => alive && revision === data.revision)).toHaveLength(WORKERS - 1);
          await anotherLeads(cluster, leads ? victim.pid : -1);
        });
        await hasCaughtUp(cluster, victim.pid);
        await witness.avoid(undefined);
        await witness.more(200);
        await putInForce(witness, cluster, host, threeLevels);
      });
    });
  }

  test("three leaders in a row, while things change", async () => {
    await witnessed(cluster, "leaders stopped in a row, with changes", threeLevels, async (witness, host) => {
      const ids = [await storeGroup(cluster, otherLevels), await storeGroup(cluster, threeLevels)];
      for (let n = 0; n < 3; n++) {
        const victim = await oneWorker(cluster, true);
        await witness.avoid(victim.pid);
        await whileFrozen(victim.pid, async () => {
          for (let change = 0; change < 4; change++) {
            const levels = change % 2 === 0 ? otherLevels : threeLevels;
            await witness.change(levels, () => cluster.done("runtime_set", { hostname: host, policygroupid: ids[change % 2] ?? -1 }), WORKERS - 1);
          }
        });
        await hasCaughtUp(cluster, victim.pid);
        await witness.avoid(undefined);
        await witness.more(100);
      }
    });
  });
});

/** The upstream of a uid that ends with 1, as a living worker says. */
async function explained(cluster: Cluster, host: string): Promise<string> {
  return (await cluster.done("explain", { hostname: host, uid: 1 })).data.upstream as string;
}

describe("a leader is stopped while it reads", () => {
  const { cluster, proxy } = useProxiedRedis({ readTimeoutMs: 20_000 });

  test("what it has read does not take the place of what its successor has put in force", async () => {
    await witnessed(cluster, "a leader comes back with an old answer", threeLevels, async (witness, host) => {
      const older = await cluster.divert(cluster.newHost(), ...otherLevels.map(({ policy }) => policy));
      const newer = await storeGroup(cluster, [bySuffix("beta4", "beta3")]);
      const victim = await oneWorker(cluster, true);
      await witness.avoid(victim.pid);

      // The leader's own connection is the one that follows revisions; its look at the runtime is not answered.
      proxy().hold = (question, earlier) => /xrevrange/i.test(earlier) && /mget/i.test(question) && question.includes(`:${host}:`);
      witness.begin(otherLevels);
      // Past the admin interface: the worker that is about to be stopped might be the one to answer it.
      await writeLevels(cluster, host, older);
      await until("the leader waits for its answer", () => proxy().holds);
      await whileFrozen(victim.pid, async () => {
        // Its successor must be answered.
        proxy().hold = undefined;
        await anotherLeads(cluster, victim.pid);
        await until("its successor has it in force", async () => (await explained(cluster, host)) === "beta2");
        await witness.change([bySuffix("beta4", "beta3")], () => cluster.done("runtime_set", { hostname: host, policygroupid: newer }), WORKERS - 1);
        await witness.more(100);
        proxy().release();
      });
      await hasCaughtUp(cluster, victim.pid);
      await witness.avoid(undefined);
      await witness.more(1000);
      expect((await oneWorker(cluster, true)).pid).not.toBe(victim.pid);
    });
  });
});
