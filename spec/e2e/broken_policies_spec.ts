import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { useCluster, WORKERS } from "./support/cluster.ts";
import { until } from "./support/until.ts";

const cluster = useCluster();

const first = { headers: { "X-Uid": "1" } };
const second = { headers: { "X-Uid": "2" } };

/** What was written past the gateway reaches one worker after the other: that one reports it is not yet all. */
function everyWorkerAnswers(host: string, upstream: string): Promise<void> {
  return until(`every worker sends ${host} to ${upstream}`, async () => {
    const answers = await Promise.all(Array.from({ length: WORKERS * 8 }, () => cluster.ask(host, first)));
    return answers.every((answer) => answer === upstream);
  });
}

interface Place {
  /** The keys of level 1, which is broken, up to the last word. */
  readonly level: string;
  readonly policy: string;
}

interface Breakage {
  readonly what: string;
  readonly divtype?: string;
  readonly break: (redis: Redis, place: Place) => Promise<unknown>;
  readonly reason: RegExp;
}

const breakages: readonly Breakage[] = [
  {
    what: "divdata of a type that no policy has",
    break: (redis, { policy }) => redis.set(`${policy}:divdata`, "beta1"),
    reason: /hash, sorted set or list is expected, it is a string/,
  },
  {
    what: "a hash where a sorted set is needed",
    divtype: "uidrange",
    break: async (redis, { policy }) => {
      await redis.del(`${policy}:divdata`);
      await redis.hset(`${policy}:divdata`, "1", "beta1");
    },
    reason: /uidrange needs a zset/,
  },
  {
    what: "a sorted set with half of a rule",
    divtype: "uidrange",
    break: (redis, { policy }) => redis.zrem(`${policy}:divdata`, "1:beta1"),
    reason: /start and no end/,
  },
  {
    what: "a sorted set without a rule's start",
    divtype: "uidrange",
    break: (redis, { policy }) => redis.zrem(`${policy}:divdata`, "0:beta1"),
    reason: /half of a rule is missing/,
  },
  {
    what: "a member that is none",
    divtype: "uidrange",
    break: (redis, { policy }) => redis.zadd(`${policy}:divdata`, 100, "nonsense"),
    reason: /nonsense/,
  },
  {
    what: "a suffix that is no digits",
    break: (redis, { policy }) => redis.hset(`${policy}:divdata`, "x", "beta1"),
    reason: /suffix 'x'/,
  },
  {
    what: "an upstream that nginx would misread",
    break: (redis, { policy }) => redis.hset(`${policy}:divdata`, "1", "beta1/$uri"),
    reason: /beta1\/\$uri/,
  },
  {
    what: "no data",
    break: (redis, { policy }) => redis.del(`${policy}:divdata`),
    reason: /there is no data/,
  },
  {
    what: "an unknown module",
    break: (redis, { level }) => redis.set(`${level}:divModulename`, "abtesting.diversion.moonphase"),
    reason: /no required module for .*moonphase/,
  },
  {
    what: "a module name that leaves its folder",
    break: (redis, { level }) => redis.set(`${level}:divModulename`, "abtesting.diversion.../../x"),
    reason: /only modules of abtesting\.diversion are loaded/,
  },
  {
    what: "a module name of another folder",
    break: (redis, { level }) => redis.set(`${level}:divModulename`, "resty.core"),
    reason: /only modules of abtesting\.diversion are loaded/,
  },
  {
    what: "an unknown parser",
    break: (redis, { level }) => redis.set(`${level}:userInfoModulename`, "abtesting.userinfo.moonParser"),
    reason: /no required module for .*moonParser/,
  },
  {
    what: "a parser name that leaves its folder",
    break: (redis, { level }) => redis.set(`${level}:userInfoModulename`, "abtesting.userinfo.../../x"),
    reason: /only modules of abtesting\.userinfo are loaded/,
  },
  {
    what: "a level without its module name",
    break: (redis, { level }) => redis.del(`${level}:divModulename`),
    reason: /./,
  },
  {
    what: "a level without its data key",
    break: (redis, { level }) => redis.del(`${level}:divDataKey`),
    reason: /./,
  },
  {
    what: "a level without its parser",
    break: (redis, { level }) => redis.del(`${level}:userInfoModulename`),
    reason: /./,
  },
  {
    what: "options of the wrong type",
    break: (redis, { policy }) => redis.set(`${policy}:meta`, "x"),
    reason: /meta/,
  },
  {
    what: "a userinfo option that cannot be",
    break: (redis, { policy }) => redis.hset(`${policy}:meta`, "userinfo", "moon:phase"),
    reason: /moon:phase/,
  },
];

test.each(breakages)("$what: that level is skipped and reported, the others work", async ({ divtype = "uidsuffix", break: breakIt, reason }) => {
  const host = cluster.newHost();
  const rule = divtype === "uidrange" ? { range: { start: 1, end: 1 } } : { suffix: 1 };
  const [id = -1] = await cluster.divert(
    host,
    { divtype, divdata: [{ ...rule, upstream: "beta1" }] },
    { divtype: "uidappoint", divdata: [{ uidset: [2], upstream: "beta2" }] },
  );
  expect(await cluster.ask(host, first)).toBe("beta1");
  await breakIt(cluster.redis.client, { level: `ab:test:runtimeInfo:${host}:first`, policy: `ab:test:policies:${id}` });

  await until("it is reported", async () => {
    const { data } = await cluster.done("status");
    const reported = (data.broken as { hostname: string; level: number; reason: string }[]).filter((level) => level.hostname === host);
    return reported.length === 1 && reported[0]?.level === 1 && reason.test(reported[0].reason);
  });
  await until("every worker skips it", async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => cluster.ask(host, first)));
    return answers.every((answer) => answer === "stable");
  });
  expect(await cluster.ask(host, second)).toBe("beta2");
  const { data } = await cluster.done("explain", { hostname: host, uid: 2 });
  expect(data.levels[0].why).toMatch(/^skipped: /);
  expect(data.upstream).toBe("beta2");
  expect(cluster.gateway.errorLog()).toContain(`${host}: level 1`);

  await cluster.done("runtime_del", { hostname: host });
  expect((await cluster.done("status")).data.broken_levels).toBe(0);
});

test("fewer levels than divsteps says: those that are there work", async () => {
  const host = cluster.newHost();
  await cluster.divert(host, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] });
  await cluster.redis.client.set(`ab:test:runtimeInfo:${host}:divsteps`, "3");
  await until("the two that lack are reported", async () => (await cluster.done("status")).data.broken_levels === 2);
  expect(await cluster.ask(host, first)).toBe("beta1");
  await cluster.done("runtime_del", { hostname: host });
});

test.each(["11", "-1", "x", "1.5", ""])("divsteps '%s': the runtime is reported, requests go to the default, others work", async (divsteps) => {
  const host = cluster.newHost();
  const other = cluster.newHost();
  for (const each of [host, other]) {
    await cluster.divert(each, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] });
  }
  await cluster.redis.client.set(`ab:test:runtimeInfo:${host}:divsteps`, divsteps);
  await until("it is reported", async () => {
    const { data } = await cluster.done("status");
    return (data.broken as { hostname: string }[]).some((level) => level.hostname === host);
  });
  await everyWorkerAnswers(host, "stable");
  expect(await cluster.ask(other, first)).toBe("beta1");
  expect((await cluster.admin("runtime_get", { hostname: host })).code).toBe(40103);
  await cluster.divert(host, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta2" }] });
  expect(await cluster.ask(host, first)).toBe("beta2");
});

test("a key of ours that somebody made something else: changes are refused whole, traffic goes on", async () => {
  const host = cluster.newHost();
  await cluster.divert(host, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] });
  const { client } = cluster.redis;
  const count = (await client.get("ab:test:policies:idCount")) ?? "";
  await client.set("ab:test:policies:idCount", "many");
  const refused = await cluster.admin("policy_set", {}, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] });
  expect(refused.code).toBe(40101);
  expect(refused.desc).toContain("ab:test:policies:idCount");
  await client.set("ab:test:policies:idCount", count);

  await client.rename("ab:test:audit", "aside");
  await client.set("ab:test:audit", "x");
  const again = await cluster.admin("runtime_del", { hostname: host });
  expect(again.code).toBe(40101);
  expect(await cluster.ask(host, first)).toBe("beta1");
  await client.rename("aside", "ab:test:audit");
  await cluster.done("runtime_del", { hostname: host });
});
