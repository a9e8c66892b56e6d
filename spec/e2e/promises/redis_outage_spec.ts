import { describe, expect, test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { linesSince, redisPid, storeIs, whileFrozen } from "./faults.ts";
import { bySuffix, otherLevels, threeLevels } from "./users.ts";
import { putInForce, witnessed, type Witness } from "./witness.ts";

const cluster = useCluster();

/** What the interface says while Redis is away; no user notices. */
async function answersWithoutRedis(host: string): Promise<void> {
  for (const answer of [
    await cluster.admin("policy_set", {}, bySuffix("beta4").policy),
    await cluster.admin("runtime_del", { hostname: host }),
  ]) {
    expect([answer.code, answer.desc]).toEqual([50301, expect.stringContaining("nothing was changed")]);
  }
  const read = await cluster.done("runtime_get", { hostname: host });
  expect(read.desc).toContain("from the local snapshot");
  expect(read.data.divsteps).toBe(3);
}

/** What was refused has not happened, and changes work as before. */
async function worksAgain(witness: Witness, host: string, revision: number): Promise<void> {
  expect((await cluster.done("status")).data.revision).toBe(revision);
  await putInForce(witness, cluster, host, otherLevels);
}

async function revisionOf(): Promise<number> {
  return (await cluster.done("status")).data.revision as number;
}

describe("Redis goes away under traffic", () => {
  test("it hangs (SIGSTOP)", async () => {
    await witnessed(cluster, "Redis hangs (SIGSTOP)", threeLevels, async (witness, host) => {
      const revision = await revisionOf();
      await whileFrozen(await redisPid(cluster), async () => {
        await storeIs(cluster, false);
        await answersWithoutRedis(host);
        await witness.more(200);
      });
      await storeIs(cluster, true);
      await worksAgain(witness, host, revision);
    });
  });

  test("it is killed, and started again with its data", async () => {
    await witnessed(cluster, "Redis killed, restarted with its data", threeLevels, async (witness, host) => {
      const revision = await revisionOf();
      const log = cluster.gateway.errorLog();
      const started = performance.now();
      await cluster.redis.kill();
      await storeIs(cluster, false);
      await answersWithoutRedis(host);
      await witness.more(1000);
      const seconds = (performance.now() - started) / 1000;
      const lines = linesSince(cluster, log);
      console.info(`Redis away for ${seconds.toFixed(1)} s: ${lines.length} lines in the error log`);
      // nginx itself writes one for each refused connection: the admin requests above, and the leader now and then.
      expect(lines.length).toBeLessThan(30 + 2 * seconds);
      expect(lines.filter((line) => line.includes("dygateway: ")).length).toBeLessThanOrEqual(4);
      await cluster.redis.start();
      await storeIs(cluster, true);
      await worksAgain(witness, host, revision);
    });
  });

  test("it drops every connection, again and again", async () => {
    await witnessed(cluster, "Redis drops connections", threeLevels, async (witness, host) => {
      for (let n = 0; n < 10; n++) {
        await cluster.redis.client.call("CLIENT", "KILL", "TYPE", "pubsub");
        await cluster.redis.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await witness.more(50);
      }
      await storeIs(cluster, true);
      await worksAgain(witness, host, await revisionOf());
    });
  });

  test("nothing of it shows as a fault of the gateway", () => {
    expectNoFaults(cluster, "Redis went away");
  });
});
