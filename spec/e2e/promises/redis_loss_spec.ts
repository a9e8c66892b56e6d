import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { lossIs, storeIs } from "./faults.ts";
import { bySuffix, otherLevels, threeLevels } from "./users.ts";
import { putInForce, witnessed, type Witness } from "./witness.ts";

const cluster = useCluster();
const data = (): string => join(cluster.folder, "data");
const copy = (name: string): string => join(cluster.folder, name);

/** Starts Redis with other files than it had. */
async function startWith(files: string | undefined): Promise<void> {
  await cluster.redis.kill();
  rmSync(data(), { recursive: true, force: true });
  cpSync(files ?? copy("nothing"), data(), { recursive: true });
  await cluster.redis.start();
}

/** Copies what Redis has stored, all of it: its log on disk is as it was when it ended. */
async function keepCopy(name: string): Promise<string> {
  await cluster.redis.kill();
  cpSync(data(), copy(name), { recursive: true });
  await cluster.redis.start();
  await storeIs(cluster, true);
  return copy(name);
}

async function isServedAsBefore(witness: Witness, host: string, reason: RegExp): Promise<void> {
  await lossIs(cluster, true);
  const { store, revision } = (await cluster.done("status")).data;
  expect(store.problem).toMatch(reason);
  expect(store.revision).toBeLessThan(revision as number);
  const before = await cluster.redis.client.dbsize();
  for (const answer of [
    await cluster.admin("policy_set", {}, bySuffix("beta4").policy),
    await cluster.admin("runtime_del", { hostname: host }),
  ]) {
    expect([answer.code, answer.desc]).toEqual([40101, expect.stringMatching(/lost data.*store_accept.*nothing was changed/)]);
  }
  expect(await cluster.redis.client.dbsize()).toBe(before);
  await witness.more(300);
  expect(cluster.gateway.errorLog()).toMatch(/\[error\].*Redis has lost data/);
}

describe("Redis comes back with less than it had, under traffic", () => {
  test("restarted empty: what was in force is served until its data is back", async () => {
    await witnessed(cluster, "Redis restarted empty", threeLevels, async (witness, host) => {
      const files = await keepCopy("all");
      cpSync(files, copy("nothing"), { recursive: true, filter: (path) => path === files });
      await startWith(undefined);
      await isServedAsBefore(witness, host, /Redis has lost data: its revision is 0/);
      await startWith(files);
      await lossIs(cluster, false);
      await putInForce(witness, cluster, host, otherLevels);
    });
  });

  test("restored from an older dump: the newer one ends it", async () => {
    await witnessed(cluster, "Redis restored from an older dump", threeLevels, async (witness, host) => {
      const older = await keepCopy("older");
      await putInForce(witness, cluster, host, otherLevels);
      const newer = await keepCopy("newer");
      await startWith(older);
      await isServedAsBefore(witness, host, /its revision is \d+, this node is at \d+/);
      await startWith(newer);
      await lossIs(cluster, false);
      await putInForce(witness, cluster, host, threeLevels);
    });
  });

  test("restored from an older dump and written to by another: that is no way back", async () => {
    await witnessed(cluster, "older dump with as many changes", threeLevels, async (witness, host) => {
      const older = await keepCopy("older still");
      await putInForce(witness, cluster, host, otherLevels);
      const newer = await keepCopy("newer still");
      await startWith(older);
      await lossIs(cluster, true);
      // As many changes as are missing, so that the number alone says nothing.
      const { client } = cluster.redis;
      const last = Number(await client.get("ab:test:revision"));
      const known = (await cluster.done("status")).data.revision as number;
      for (let revision = last + 1; revision <= known; revision++) {
        await client.xadd("ab:test:audit", `${revision}-0`, "nonce", `another's ${revision}`, "hostnames", host, "policyids", "");
        await client.set("ab:test:revision", `${revision}`);
        await client.publish("ab:test:changes", `${revision}`);
      }
      await witness.more(500);
      const { store } = (await cluster.done("status")).data;
      expect([store.lost, store.problem]).toEqual([true, expect.stringContaining("Redis has lost data")]);
      await startWith(newer);
      await lossIs(cluster, false);
    });
  });

  test("FLUSHALL: nothing changes until an operator accepts it; then everybody goes to the default", async () => {
    await witnessed(cluster, "FLUSHALL", threeLevels, async (witness, host) => {
      await cluster.redis.client.flushall();
      await isServedAsBefore(witness, host, /Redis has lost data: its revision is 0/);
      witness.begin([]);
      await cluster.done("store_accept");
      await lossIs(cluster, false);
      await cluster.ready();
      await witness.more(100);
      witness.settle();
      await putInForce(witness, cluster, host, otherLevels);
    });
  });
});
