import { describe, expect, test } from "vitest";
import type { AdminAnswer } from "../support/admin_client.ts";
import { useCluster } from "../support/cluster.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { storeState } from "../support/store_state.ts";
import { bySuffix, otherLevels, threeLevels } from "./users.ts";
import { putInForce, storeGroup, witnessed } from "./witness.ts";

const cluster = useCluster();

const MANY_UIDS = 200_000;
const manyUids = {
  divtype: "uidappoint",
  divdata: [{ uidset: Array.from({ length: MANY_UIDS }, (_, n) => 900_000_000 + n), upstream: "beta1" }],
};

/** Every kind of change, large ones too. */
async function everyChange(host: string, groupid: number): Promise<AdminAnswer[]> {
  return [
    await cluster.admin("policy_set", {}, { ...bySuffix("beta4").policy, name: "small" }),
    await cluster.admin("policy_set", {}, manyUids),
    await cluster.admin("policygroup_set", {}, { 1: bySuffix("beta4").policy, 2: manyUids }),
    await cluster.admin("runtime_set", { hostname: host, policygroupid: groupid }),
    await cluster.admin("runtime_set", { hostname: "another.test", policygroupid: groupid }),
  ];
}

describe("Redis refuses to write", () => {
  test("its memory is used up (maxmemory, noeviction): nothing is changed, by small and by large changes", async () => {
    await witnessed(cluster, "out of memory in Redis", threeLevels, async (witness, host) => {
      const { client } = cluster.redis;
      const groupid = await storeGroup(cluster, otherLevels);
      const before = await storeState(client);
      await client.config("SET", "maxmemory", "1");
      const answers = await everyChange(host, groupid);
      expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 40101));
      for (const { desc } of answers) {
        expect(desc).toMatch(/OOM.*nothing was changed/);
      }
      expect(await storeState(client)).toEqual(before);
      await witness.more(100);

      // Memory for the first part of a large policy, and not for the rest.
      const used = Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
      await client.config("SET", "maxmemory", `${used + 3_000_000}`);
      const half = await cluster.admin("policy_set", {}, manyUids);
      expect([half.code, half.desc]).toEqual([40101, expect.stringMatching(/OOM.*nothing was changed/)]);
      expect(await storeState(client)).toEqual(before);
      await witness.more(100);

      await client.config("SET", "maxmemory", "0");
      await putInForce(witness, cluster, host, otherLevels);
    });
  });

  test("it is a replica: nothing is changed, what is in force is followed", async () => {
    await witnessed(cluster, "a replica that refuses writes", threeLevels, async (witness, host) => {
      const { client } = cluster.redis;
      const groupid = await storeGroup(cluster, otherLevels);
      const before = await storeState(client);
      // Its master is not there: it goes on with what it has, as a replica of a lost master does.
      await client.call("REPLICAOF", "127.0.0.1", "1");
      const answers = await everyChange(host, groupid);
      for (const { code, desc } of answers) {
        expect([code, desc]).toEqual([40101, expect.stringMatching(/READONLY.*nothing was changed/)]);
      }
      expect(await storeState(client)).toEqual(before);
      expect((await cluster.done("runtime_get", { hostname: host })).data.divsteps).toBe(3);
      await witness.more(100);
      await client.call("REPLICAOF", "NO", "ONE");
      await putInForce(witness, cluster, host, otherLevels);
    });
  });

  test("nothing of it shows as a fault of the gateway", () => {
    expectNoFaults(cluster, "Redis refused to write");
  });
});
