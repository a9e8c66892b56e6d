import { expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";
import type { HttpRequest } from "./support/http.ts";
import { until } from "./support/until.ts";

const cluster = useCluster();

type Stored = string | Record<string, string> | string[];

/** All that Redis holds, by key: text, hash, list, and a sorted set as `member score`. */
async function dump(): Promise<Record<string, Stored>> {
  const { client } = cluster.redis;
  const found: Record<string, Stored> = {};
  for (const key of (await client.keys("*")).sort()) {
    const type = await client.type(key);
    if (type === "string") {
      found[key] = (await client.get(key)) ?? "";
    } else if (type === "hash") {
      found[key] = await client.hgetall(key);
    } else if (type === "list") {
      found[key] = await client.lrange(key, 0, -1);
    } else if (type === "zset") {
      const flat = await client.zrange(key, "0", "-1", "WITHSCORES");
      found[key] = flat.filter((_, i) => i % 2 === 0).map((member, i) => `${member} ${flat[i * 2 + 1] ?? ""}`);
    }
  }
  return found;
}

test("what dygateway writes is the predecessor's layout, and what is new lies beside it", async () => {
  const upstream = "beta1";
  const policies = [
    {
      divtype: "iprange",
      divdata: [
        { range: { start: 3333, end: 4444 }, upstream: "beta2" },
        { range: { start: 1111, end: 2222 }, upstream: "a:b" },
        { range: "1.2.3.4-1.2.3.8", upstream },
        { range: "2001:db8::/32", upstream },
      ],
    },
    { divtype: "uidrange", divdata: [{ range: { start: 0, end: 0 }, upstream }] },
    { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream }, { suffix: "07", upstream: "beta2" }] },
    { divtype: "uidappoint", divdata: [{ uidset: [1234, "x-y"], upstream }, { uidset: [5], upstream: "beta2" }] },
    { divtype: "arg_city", divdata: [{ city: "BJ", upstream }] },
    { divtype: "url", userinfo: "header:X-Path", divdata: [{ url: "/a", upstream }] },
    { divtype: "percent", name: "half", salt: "s", divdata: [{ percent: 50, upstream }] },
    { divtype: "header", divdata: [{ name: "X-Env", value: "gray", upstream }] },
    { divtype: "cookie", divdata: [{ name: "Group", value: "b", upstream }] },
    { divtype: "arg", divdata: [{ name: "c", value: "x", upstream }] },
  ];
  const levels = Object.fromEntries(policies.map((policy, i) => [`${i + 1}`, policy]));
  // No upstream is called `a:b`.
  await cluster.done("policygroup_set", { force: 1 }, { name: "all", ...levels });
  await cluster.done("runtime_set", { hostname: "api.weibo.cn", policygroupid: 0, force: 1 });

  const stored = await dump();
  const nth = ["first", "second", "third", "forth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
  const parsers = ["ip", "uid", "uid", "uid", "city", "url", "uid", "request", "request", "request"];
  const expected: Record<string, Stored> = {
    "ab:test:policies:idCount": "9",
    "ab:test:policygroups:idCount": "0",
    "ab:test:policygroups:0": policies.map((_, id) => `${id}`),
    "ab:test:runtimeInfo:api.weibo.cn:divsteps": "10",
    "ab:test:policies:0:divdata": [
      "0:a:b 1110.7",
      "1:a:b 2222.3000000000002",
      "2:beta2 3332.6999999999998",
      "3:beta2 4444.3000000000002",
      "4:beta1 16909059.699999999",
      "5:beta1 16909064.300000001",
    ],
    "ab:test:policies:0:divdata_ipv6": ["20010db8000000000000000000000000-20010db8ffffffffffffffffffffffff:beta1 0"],
    "ab:test:policies:1:divdata": ["0:beta1 -0.29999999999999999", "1:beta1 0.29999999999999999"],
    "ab:test:policies:2:divdata": { "1": "beta1", "07": "beta2" },
    "ab:test:policies:3:divdata": { "1234": "beta1", "x-y": "beta1", "5": "beta2" },
    "ab:test:policies:4:divdata": { BJ: "beta1" },
    "ab:test:policies:5:divdata": { "/a": "beta1" },
    "ab:test:policies:5:meta": { userinfo: "header:X-Path" },
    "ab:test:policies:6:divdata": ["0:beta1 -0.29999999999999999", "1:beta1 2147483646.3"],
    "ab:test:policies:6:meta": { name: "half", salt: "s" },
    "ab:test:policies:7:divdata": ["x-env:gray", "beta1"],
    "ab:test:policies:8:divdata": ["group:b", "beta1"],
    "ab:test:policies:9:divdata": ["c:x", "beta1"],
    "ab:test:policies:names": { half: "6" },
    "ab:test:policygroups:0:meta": { name: "all" },
    "ab:test:policygroups:names": { all: "0" },
    "ab:test:revision": "2",
  };
  policies.forEach(({ divtype }, level) => {
    const at = `ab:test:runtimeInfo:api.weibo.cn:${nth[level] ?? ""}`;
    expected[`ab:test:policies:${level}:divtype`] = divtype;
    expected[`${at}:divModulename`] = `abtesting.diversion.${divtype}`;
    expected[`${at}:divDataKey`] = `ab:test:policies:${level}:divdata`;
    expected[`${at}:userInfoModulename`] = `abtesting.userinfo.${parsers[level] ?? ""}Parser`;
  });
  expect(stored).toEqual(expected);

  await cluster.done("runtime_del", { hostname: "api.weibo.cn" });
  await cluster.done("policygroup_del", { policygroupid: 0 });
  expect(await dump()).toEqual({ "ab:test:policies:idCount": "9", "ab:test:policygroups:idCount": "0", "ab:test:revision": "4" });
});

interface Predecessor {
  readonly divtype: string;
  readonly parser: string;
  readonly write: (key: string) => (string | number)[];
  readonly requests: readonly (readonly [HttpRequest, string])[];
}

const uid = (value: string): HttpRequest => ({ headers: { "X-Uid": value } });
const ip = (value: string): HttpRequest => ({ headers: { "X-Real-IP": value } });

test.each<Predecessor>([
  {
    divtype: "iprange",
    parser: "ipParser",
    write: (key) => ["ZADD", key, 16909059.7, "0:beta1", 16909064.3, "1:beta1", 16909064.7, "2:beta2", 16909065.3, "3:beta2"],
    requests: [
      [ip("1.2.3.3"), "stable"],
      [ip("1.2.3.4"), "beta1"],
      [ip("1.2.3.8"), "beta1"],
      [ip("1.2.3.9"), "beta2"],
      [ip("1.2.3.10"), "stable"],
    ],
  },
  {
    divtype: "uidrange",
    parser: "uidParser",
    write: (key) => ["ZADD", key, 0.7, "0:beta1", 5.3, "1:beta1", 9.7, "2:beta2", 10.3, "3:beta2"],
    requests: [
      [uid("0"), "stable"],
      [uid("1"), "beta1"],
      [uid("5"), "beta1"],
      [uid("6"), "stable"],
      [uid("10"), "beta2"],
      [uid("11"), "stable"],
    ],
  },
  {
    divtype: "uidsuffix",
    parser: "uidParser",
    write: (key) => ["HMSET", key, "1", "beta1", "0", "beta2"],
    requests: [
      [uid("21"), "beta1"],
      [uid("20"), "beta2"],
      [uid("22"), "stable"],
    ],
  },
  {
    divtype: "uidappoint",
    parser: "uidParser",
    write: (key) => ["HMSET", key, "1234", "beta1", "5678", "beta2"],
    requests: [
      [uid("1234"), "beta1"],
      [uid("5678"), "beta2"],
      [uid("234"), "stable"],
    ],
  },
  {
    divtype: "arg_city",
    parser: "cityParser",
    write: (key) => ["HSET", key, "BJ", "beta1"],
    requests: [
      [{ path: "/?city=BJ" }, "beta1"],
      [{ path: "/?city=SH" }, "stable"],
    ],
  },
  {
    divtype: "url",
    parser: "urlParser",
    write: (key) => ["HSET", key, "/feed", "beta1"],
    requests: [
      [{ path: "/feed?x=1" }, "beta1"],
      [{ path: "/feed/" }, "stable"],
    ],
  },
])("the predecessor's $divtype policy and runtime are served", async ({ divtype, parser, write, requests }) => {
  const host = cluster.newHost();
  const { client } = cluster.redis;
  const id = await client.incr("ab:test:policies:idCount");
  const [command = "", ...words] = write(`ab:test:policies:${id}:divdata`);
  await client.set(`ab:test:policies:${id}:divtype`, divtype);
  await client.call(String(command), ...words);
  await client.mset({
    [`ab:test:runtimeInfo:${host}:first:divModulename`]: `abtesting.diversion.${divtype}`,
    [`ab:test:runtimeInfo:${host}:first:divDataKey`]: `ab:test:policies:${id}:divdata`,
    [`ab:test:runtimeInfo:${host}:first:userInfoModulename`]: `abtesting.userinfo.${parser}`,
    [`ab:test:runtimeInfo:${host}:divsteps`]: "1",
  });
  const [matching, expected] = requests.find(([, upstream]) => upstream !== "stable") ?? [{}, ""];
  await until("it is served by every worker", async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => cluster.ask(host, matching)));
    return answers.every((answer) => answer === expected);
  });
  for (const [request, upstream] of requests) {
    expect([request, await cluster.ask(host, request)]).toEqual([request, upstream]);
  }
  expect((await cluster.done("policy_get", { policyid: id })).data.divtype).toBe(divtype);
});

test("an upstream named as host:port, which holds a colon", async () => {
  const host = cluster.newHost();
  const upstream = `127.0.0.1:${cluster.backends.ports.beta4}`;
  await cluster.divert(
    host,
    { divtype: "uidrange", divdata: [{ range: { start: 1, end: 2 }, upstream }] },
    { divtype: "iprange", divdata: [{ range: "::2", upstream }] },
  );
  expect(await cluster.ask(host, uid("2"))).toBe("beta4");
  expect(await cluster.ask(host, ip("::2"))).toBe("beta4");
});
