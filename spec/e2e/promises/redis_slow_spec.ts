import { describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import { storeIs, workersOf, writeLevels } from "./faults.ts";
import { useProxiedRedis } from "./proxied_redis.ts";
import { bySuffix, otherLevels, threeLevels } from "./users.ts";
import { putInForce, storeGroup, witnessed } from "./witness.ts";

/** What the renderer writes unless told: the longest that a change waits for Redis. */
const READ_TIMEOUT_MS = 2000;
const SLACK_MS = 1000;
const SLOWER_THAN_THE_LEASE_MS = 2300;

describe("a Redis that answers after 5 s", () => {
  const { cluster, proxy } = useProxiedRedis();

  test("counts as away: traffic goes on, changes are refused, and it comes back by itself", async () => {
    await witnessed(cluster, "Redis answers after 5 s", threeLevels, async (witness, host) => {
      proxy().delay = 5000;
      await storeIs(cluster, false);
      const asked = performance.now();
      const refused = await cluster.admin("policy_set", {}, bySuffix("beta4").policy);
      const elapsed = performance.now() - asked;
      console.info(`a change was refused after ${elapsed.toFixed(0)} ms`);
      expect(elapsed).toBeLessThan(READ_TIMEOUT_MS + SLACK_MS);
      expect([refused.code, refused.desc]).toEqual([50301, expect.stringContaining("nothing was changed")]);
      expect((await cluster.done("runtime_get", { hostname: host })).desc).toContain("from the local snapshot");
      await witness.more(200);
      proxy().delay = 0;
      await storeIs(cluster, true);
      await putInForce(witness, cluster, host, otherLevels);
    });
  });

  test("an answer that is lost after EXEC: it says that nobody knows, and what Redis took is followed", async () => {
    await witnessed(cluster, "the answer to EXEC is lost", threeLevels, async (witness, host) => {
      const policygroupid = await storeGroup(cluster, otherLevels);
      witness.begin(otherLevels);
      proxy().hold = (question) => question.includes("\r\nEXEC\r\n") || question.includes("\r\nexec\r\n");
      const answer = await cluster.admin("runtime_set", { hostname: host, policygroupid });
      expect([answer.code, answer.desc]).toEqual([40101, expect.stringContaining("may or may not be in force")]);
      proxy().release();
      await until("it is in force", async () => (await cluster.ask(host, { headers: { "X-Uid": "7000001" } })) === "beta2");
      const revision = (await cluster.done("status")).data.revision as number;
      await until("every worker has it", async () => (await workersOf(cluster)).every((worker) => worker.revision === revision));
      witness.settle();
    });
  });
});

describe("a Redis that is slower than the leader's lease, and may be", () => {
  const { cluster, proxy } = useProxiedRedis({ readTimeoutMs: 20_000 });

  test("is followed, by one leader: it holds its lease while it waits", async () => {
    await witnessed(cluster, "Redis slower than the leader's lease", threeLevels, async (witness, host) => {
      const policies = await cluster.divert(cluster.newHost(), ...otherLevels.map(({ policy }) => policy));
      const leader = (await workersOf(cluster)).find((worker) => worker.leader)?.pid;
      witness.begin(otherLevels);
      proxy().delay = SLOWER_THAN_THE_LEASE_MS;
      // Written past the proxy, level by level: what a slow node must then find out.
      await writeLevels(cluster, host, policies);
      await until("it is followed", async () => (await cluster.ask(host, { headers: { "X-Uid": "7000001" } })) === "beta2", 40_000);
      proxy().delay = 0;
      await until("every worker is there", async () => (await workersOf(cluster)).every((worker) => worker.alive));
      expect((await workersOf(cluster)).find((worker) => worker.leader)?.pid).toBe(leader);
    });
  }, 90_000);

  test("leaves status true: it says how far the node is when it answers, and not when it asked", async () => {
    const before = (await cluster.done("status")).data.revision as number;
    proxy().hold = (question) => /^\*2\r\n\$3\r\nGET\r\n\$\d+\r\n\S+:revision\r\n$/i.test(question);
    const asked = cluster.done("status");
    await until("status waits for Redis", () => proxy().holds);
    proxy().hold = undefined;
    await cluster.divert(cluster.newHost(), ...otherLevels.map(({ policy }) => policy));
    proxy().release();
    const { revision, workers } = (await asked).data as { revision: number; workers: readonly { revision: number }[] };
    expect(revision).toBeGreaterThan(before);
    expect(workers.map((worker) => worker.revision)).toEqual(workers.map(() => revision));
  });
});
