import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { until } from "../support/until.ts";
import { workersOf } from "./faults.ts";
import { otherLevels, threeLevels, type Level } from "./users.ts";
import { putInForce, Witness, witnessed } from "./witness.ts";

const cluster = useCluster();

const MEGABYTES_10 = "x".repeat(10 * 1024 * 1024);
/** What status and the log say of one level must stay something to be read. */
const LONGEST_REASON = 500;

/** Watches another hostname all the while: whatever is corrupted is none of its business. */
let bystander: Witness;
beforeAll(async () => {
  const host = cluster.newHost();
  await cluster.divert(host, ...otherLevels.map(({ policy }) => policy));
  bystander = new Witness(cluster, host, otherLevels);
  bystander.start();
});
afterAll(() => bystander.stop());

const nobodysHeader: Level = {
  policy: { divtype: "header", divdata: [{ name: "X-Nobody", value: "1", upstream: "beta1" }] },
  match: () => undefined,
};

interface Place {
  /** Of the level: `…:first`. */
  readonly level: string;
  /** Of its policy: `ab:test:policies:<id>`. */
  readonly policy: string;
  /** Of the hostname: `ab:test:runtimeInfo:<host>`. */
  readonly runtime: string;
}

interface Corruption {
  readonly what: string;
  /** The level that is hit, from 0. */
  readonly at?: number;
  readonly levels?: readonly Level[];
  readonly corrupt: (redis: Redis, place: Place) => Promise<unknown>;
  readonly reason: RegExp;
  /** Where everything of the hostname is lost. */
  readonly isWhole?: boolean;
}

const SUFFIX = 0;
const RANGE = 1;
const NETWORK = 2;

const corruptions: readonly Corruption[] = [
  { what: "rules of another type", at: SUFFIX, reason: /hash, sorted set or list is expected/, corrupt: async (redis, { policy }) => {
    await redis.del(`${policy}:divdata`);
    await redis.set(`${policy}:divdata`, "beta1");
  } },
  { what: "a sorted set's rules in a hash", at: RANGE, reason: /needs a zset/, corrupt: async (redis, { policy }) => {
    await redis.del(`${policy}:divdata`);
    await redis.hset(`${policy}:divdata`, "5000000", "beta1");
  } },
  { what: "half of a range is missing", at: RANGE, reason: /start and no end/, corrupt: (redis, { policy }) => redis.zrem(`${policy}:divdata`, "1:beta3") },
  { what: "an infinite score", at: RANGE, reason: /'1:beta3' with score inf: its score is no bound/, corrupt: (redis, { policy }) => redis.zadd(`${policy}:divdata`, "+inf", "1:beta3") },
  { what: "a range that ends before it starts", at: NETWORK, reason: /'1:beta4' with score 1\.3: index 0 was expected here/, corrupt: (redis, { policy }) => redis.zadd(`${policy}:divdata`, "1.3", "1:beta4") },
  { what: "a value of 10 MB", at: SUFFIX, reason: /longer than 65536 bytes/, corrupt: (redis, { policy }) => redis.hset(`${policy}:divdata`, "1", MEGABYTES_10) },
  { what: "a field of 10 MB", at: SUFFIX, reason: /longer than 65536 bytes/, corrupt: (redis, { policy }) => redis.hset(`${policy}:divdata`, MEGABYTES_10, "beta1") },
  { what: "a member of 10 MB", at: RANGE, reason: /longer than 65536 bytes/, corrupt: (redis, { policy }) => redis.zadd(`${policy}:divdata`, 5, `2:${MEGABYTES_10}`) },
  { what: "a suffix that is none", at: SUFFIX, reason: /suffix 'one' → 'beta1': decimal digits/, corrupt: (redis, { policy }) => redis.hset(`${policy}:divdata`, "one", "beta1") },
  { what: "an upstream of bytes that are no text", at: SUFFIX, reason: /suffix '1' → '[^]*': decimal digits and an upstream's name are expected/, corrupt: (redis, { policy }) => redis.hset(`${policy}:divdata`, "1", Buffer.from([0, 255, 254, 10, 13])) },
  { what: "a list of an odd length", at: SUFFIX, levels: [nobodysHeader, ...threeLevels.slice(1)], reason: /'X-Half:1' → '': NAME:VALUE and an upstream's name are expected/, corrupt: (redis, { policy }) => redis.rpush(`${policy}:divdata`, "X-Half:1") },
  { what: "an empty hash, which is no key at all", at: SUFFIX, reason: /there is no data/, corrupt: (redis, { policy }) => redis.hdel(`${policy}:divdata`, "1", "2") },
  { what: "options of another type", at: SUFFIX, reason: /:meta: WRONGTYPE/, corrupt: (redis, { policy }) => redis.rpush(`${policy}:meta`, "x") },
  { what: "a module that does not exist", at: RANGE, reason: /no required module.*moonphase/, corrupt: (redis, { level }) => redis.set(`${level}:divModulename`, "abtesting.diversion.moonphase") },
  { what: "a module outside of its folder", at: RANGE, reason: /only modules of abtesting\.diversion are loaded/, corrupt: (redis, { level }) => redis.set(`${level}:divModulename`, "abtesting.diversion.../../../../tmp/evil") },
  { what: "a module of Lua's own", at: SUFFIX, reason: /only modules of abtesting\.diversion are loaded/, corrupt: (redis, { level }) => redis.set(`${level}:divModulename`, "os") },
  { what: "a parser outside of its folder", at: NETWORK, reason: /only modules of abtesting\.userinfo are loaded/, corrupt: (redis, { level }) => redis.set(`${level}:userInfoModulename`, "abtesting.userinfo...evil") },
  { what: "no userInfoModulename", at: SUFFIX, reason: /userInfoModulename is missing/, corrupt: (redis, { level }) => redis.del(`${level}:userInfoModulename`) },
  { what: "a module name of another type", at: SUFFIX, reason: /divModulename, divDataKey or userInfoModulename is missing/, corrupt: async (redis, { level }) => {
    await redis.del(`${level}:divModulename`);
    await redis.rpush(`${level}:divModulename`, "x");
  } },
  { what: "rules that are the audit stream", at: SUFFIX, reason: /hash, sorted set or list is expected, it is a stream/, corrupt: (redis, { level }) => redis.set(`${level}:divDataKey`, "ab:test:audit") },
  { what: "an option of 10 MB", at: SUFFIX, reason: /an option longer than/, corrupt: (redis, { policy }) => redis.hset(`${policy}:meta`, "userinfo", MEGABYTES_10) },
  { what: "a module name of 10 MB", at: SUFFIX, reason: /divModulename, divDataKey or userInfoModulename is missing, or longer than 1024 bytes/, corrupt: (redis, { level }) => redis.set(`${level}:divModulename`, `abtesting.diversion.${MEGABYTES_10}`) },
  { what: "divsteps that are no number", isWhole: true, reason: /divsteps is 'NaN'/, corrupt: (redis, { runtime }) => redis.set(`${runtime}:divsteps`, "NaN") },
  { what: "more divsteps than there can be", isWhole: true, reason: /divsteps is '1e3', a number from 1 to 10/, corrupt: (redis, { runtime }) => redis.set(`${runtime}:divsteps`, "1e3") },
  { what: "divsteps of 10 MB", isWhole: true, reason: /divsteps is 'x+…'/, corrupt: (redis, { runtime }) => redis.set(`${runtime}:divsteps`, MEGABYTES_10) },
];

interface Broken {
  readonly hostname: string;
  readonly level: number;
  readonly reason: string;
}

describe("what somebody breaks by hand in Redis, under traffic", () => {
  let broken = "";

  afterEach(async () => {
    await cluster.redis.client.del(`ab:test:runtimeInfo:${broken}:divsteps`);
    await until("nothing is broken any more", async () => (await cluster.done("status")).data.broken_levels === 0);
  });

  test.each(corruptions)("$what", async ({ what, at = 0, levels = threeLevels, corrupt, reason, isWhole = false }) => {
    const others = isWhole ? [] : levels.filter((_, i) => i !== at);
    await witnessed(cluster, what, levels, async (witness, host) => {
      broken = host;
      const runtime = `ab:test:runtimeInfo:${host}`;
      const level = `${runtime}:${["first", "second", "third"][at] ?? ""}`;
      const divdata = (await cluster.redis.client.get(`${level}:divDataKey`)) ?? "";
      witness.begin(others);
      await corrupt(cluster.redis.client, { level, runtime, policy: divdata.replace(/:divdata$/, "") });
      await until("every worker has left it out", async () => (await workersOf(cluster)).every((worker) => worker.broken_levels === 1));
      witness.settle();

      const { data, text } = await cluster.done("status");
      expect(text.length).toBeLessThan(4000);
      const [left, ...more] = data.broken as Broken[];
      expect([data.broken_levels, more]).toEqual([1, []]);
      expect(left).toMatchObject({ hostname: host, level: isWhole ? 0 : at + 1 });
      expect(left?.reason).toMatch(reason);
      expect(left?.reason.length).toBeLessThan(LONGEST_REASON);
      expect(cluster.gateway.errorLog()).toMatch(new RegExp(`\\[warn\\].*${host}: level`));
      await witness.more(100);

      await putInForce(witness, cluster, host, otherLevels);
      expect((await cluster.done("status")).data.broken_levels).toBe(0);
    });
  });

  test("Redis itself takes no score that is no number", async () => {
    await expect(cluster.redis.client.zadd("ab:test:policies:1:divdata", "nan", "1:beta1")).rejects.toThrow(/not a valid float/);
  });

  test("none of it shows as a fault of the gateway, or fills its log", () => {
    expectNoFaults(cluster, "policies were corrupted");
    const longest = Math.max(...cluster.gateway.errorLog().split("\n").map((line) => line.length));
    expect(longest).toBeLessThan(2 * LONGEST_REASON);
  });

  test.each([
    ["a hostname longer than there can be", () => "h".repeat(70_000)],
    ["a hostname of 10 MB", () => MEGABYTES_10],
    ["a hostname of bytes that are no text", () => Buffer.from([0, 255, 10, 13, 34]).toString("latin1")],
  ])("%s: others are changed as before", async (what, name) => {
    broken = name();
    await witnessed(cluster, what, threeLevels, async (witness, host) => {
      const key = (end: string): string => `ab:test:runtimeInfo:${broken}:${end}`;
      await cluster.redis.client.mset([key("divsteps"), "1", key("first:divModulename"), "abtesting.diversion.uidsuffix"]);
      await witness.more(100);
      await putInForce(witness, cluster, host, otherLevels);
      // A new leader reads everything, that hostname too.
      process.kill((await workersOf(cluster)).find(({ leader }) => leader)?.pid ?? -1, "SIGKILL");
      await until("another leads", async () => {
        const workers = await workersOf(cluster);
        return workers.every(({ alive }) => alive) && workers.some(({ leader }) => leader);
      }, 10_000);
      await putInForce(witness, cluster, host, threeLevels);
      await cluster.redis.client.del(key("first:divModulename"));
    }, { kills: 1 });
  });
});

test("another hostname was served as before, all the while", async () => {
  await bystander.stop();
  bystander.report("another hostname, all the while");
  bystander.expectNothingWrong({ kills: 3 });
});
