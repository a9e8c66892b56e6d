import { expect, test } from "vitest";
import { useCluster, WORKERS } from "../support/cluster.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { storeState } from "../support/store_state.ts";

const RULES = 100_000;
/**
 * How long anybody else may wait for an answer while a worker is busy with a body, on a machine that may have other things
 * to do: nobody waits for all of it. How long it is at most `make bench` says.
 */
const PATIENCE_MS = 500;
const SHARE_OF_ALL = 0.5;

const cluster = useCluster();

const rules = Array.from({ length: RULES }, (_, i) => ({ range: { start: i * 10, end: i * 10 + 8 }, upstream: "beta1" }));

test("a hundred thousand rules are stored and served", async () => {
  const host = cluster.newHost();
  const body = JSON.stringify({ divtype: "uidrange", divdata: rules });
  const set = await cluster.admin("policy_set", {}, body, { chunked: true });
  expect(set.code).toBe(200);
  await cluster.done("runtime_set", { hostname: host, policyid: set.data.policyid as number });
  expect(await cluster.ask(host, { headers: { "X-Uid": "999998" } })).toBe("beta1");
  expect(await cluster.ask(host, { headers: { "X-Uid": "999999" } })).toBe("stable");
  await cluster.done("runtime_del", { hostname: host });
  await cluster.done("policy_del", { policyid: set.data.policyid as number });
});

const body = (last: unknown): string => JSON.stringify({ divtype: "uidrange", divdata: [...rules, last] });
const escapes = (count: number): string => `{"divtype":"arg_city","divdata":[{"city":"${"\\u0041".repeat(count)}","upstream":"beta1"}]}`;

test.each<[string, () => string, number]>([
  ["the last of a hundred thousand rules overlaps", () => body({ range: { start: 5, end: 6 }, upstream: "beta1" }), 50201],
  ["the last of a hundred thousand rules is none", () => body(null), 50201],
  ["a list a hundred thousand deep", () => `{"divtype":"uidrange","divdata":${"[".repeat(RULES)}${"]".repeat(RULES)}}`, 50102],
  ["a field that a hundred thousand others stand before", () => `{${rules.map((_, i) => `"f${i}":1`).join(",")},"divtype":"x","divdata":[]}`, 50104],
  ["a number of a million digits", () => `{"divtype":"uidappoint","divdata":[{"uidset":[${"9".repeat(1e6)}],"upstream":"b/1"}]}`, 50201],
  ["a text of a million escapes", () => escapes(1e6), 50201],
  ["a text of ten million bytes", () => `{"divtype":"arg_city","divdata":[{"city":"${"é".repeat(5e6)}","upstream":"beta1"}]}`, 50201],
  ["a million spaces before a body that is none", () => `${" ".repeat(1e6)}x`, 50102],
  ["the same uid a hundred thousand times", () => `{"divtype":"uidappoint","divdata":[{"uidset":[${rules.map(() => "1").join(",")}],"upstream":"beta1"}]}`, 50201],
])("%s: refused with a reason, nothing changed, others are answered meanwhile", async (what, make, code) => {
  const before = await storeState(cluster.redis.client);
  const host = cluster.newHost();
  const text = make();
  let longest = 0;
  const work = { busy: true };
  const begun = performance.now();
  const refused = cluster.admin("policy_set", {}, text).finally(() => {
    work.busy = false;
  });
  while (work.busy) {
    const asked = performance.now();
    await Promise.all(Array.from({ length: WORKERS }, () => cluster.ask(host)));
    longest = Math.max(longest, performance.now() - asked);
  }
  const answer = await refused;
  const took = performance.now() - begun;
  expect(answer.code).toBe(code);
  expect(answer.desc.length).toBeLessThan(100_000);
  expect(await storeState(cluster.redis.client)).toEqual(before);
  expect(longest).toBeLessThan(Math.max(PATIENCE_MS, took * SHARE_OF_ALL));
  expect(await workerPids(cluster)).toHaveLength(WORKERS);
  expectNoFaults(cluster, what);
});
