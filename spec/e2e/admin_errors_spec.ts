import { expect, test } from "vitest";
import type { Parameters } from "./support/admin_client.ts";
import { useCluster } from "./support/cluster.ts";

const cluster = useCluster();

const upstream = "beta1";
const uidrange = (...bounds: readonly (readonly [unknown, unknown])[]): object => ({
  divtype: "uidrange",
  divdata: bounds.map(([start, end]) => ({ range: { start, end }, upstream })),
});
const suffix = (value: unknown): object => ({ divtype: "uidsuffix", divdata: [{ suffix: value, upstream }] });
const iprange = (range: unknown): object => ({ divtype: "iprange", divdata: [{ range, upstream }] });
const appoint = (uid: unknown): object => ({ divtype: "uidappoint", divdata: [{ uidset: [uid], upstream }] });
const percents = (...shares: unknown[]): object => ({
  divtype: "percent",
  divdata: shares.map((percent) => ({ percent, upstream })),
});

/** What is wrong, the policy, the code, and what the reason says. */
const policies: readonly (readonly [string, unknown, number, string])[] = [
  ["a body that is not JSON", "{divtype}", 50102, "postData is not a json string"],
  ["a body cut short", '{"divtype":"uidsuffix","divdata":[', 50102, "postData is not a json string"],
  ["text after the JSON", '{"divtype":"url","divdata":[]} x', 50102, "postData is not a json string"],
  ["a list instead of an object", [], 50102, "object"],
  ["an unknown divtype", { divtype: "moonphase", divdata: [] }, 50104, "unsupported divtype 'moonphase'"],
  ["a divtype that is a path", { divtype: "../../x", divdata: [] }, 50104, "unsupported divtype"],
  ["a divtype that is no text", { divtype: 5, divdata: [] }, 50104, "unsupported divtype"],
  ["divtype missing", { divdata: [] }, 50101, "policy divtype"],
  ["divdata missing", { divtype: "uidsuffix" }, 50101, "policy divdata"],
  ["a misspelt field", { ...suffix("1"), userInfo: "uri" }, 50102, "unknown field 'userInfo'"],
  ["no rules", { divtype: "uidsuffix", divdata: [] }, 50201, "no rules"],
  ["divdata that is no list", { divtype: "uidsuffix", divdata: { suffix: 1 } }, 50201, "list"],
  ["suffix 11", suffix(11), 50201, "suffix"],
  ["suffix -1", suffix(-1), 50201, "suffix"],
  ["suffix 1.5", suffix(1.5), 50201, "suffix"],
  ["suffix a", suffix("a"), 50201, "suffix"],
  ["an empty suffix", suffix(""), 50201, "suffix"],
  ["a suffix twice", { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream }, { suffix: "1", upstream }] }, 50201, "rule 2"],
  ["range start > end", uidrange([5, 4]), 50201, "range"],
  ["ranges overlapping", uidrange([1, 5], [5, 9]), 50201, "overlap"],
  ["ranges overlapping, in another order", uidrange([10, 20], [1, 10]), 50201, "overlap"],
  ["a range within another", uidrange([1, 9], [3, 4]), 50201, "overlap"],
  ["a range with a text", uidrange(["1", 5]), 50201, "whole numbers"],
  ["a negative range", uidrange([-1, 5]), 50201, "whole numbers"],
  ["a broken range", uidrange([1.5, 5]), 50201, "whole numbers"],
  ["a range beyond what a score can hold", uidrange([1, 4503599627370496]), 50201, "whole numbers"],
  ["a bound missing", uidrange([1, undefined]), 50201, "range"],
  ["an IPv4 number too large", iprange({ start: 1, end: 4294967296 }), 50201, "4294967295"],
  ["an address that is none", iprange("10.0.0.256"), 50201, "not an address"],
  ["a CIDR with host bits", iprange("10.0.0.1/8"), 50201, "bits set"],
  ["a prefix too long", iprange("10.0.0.0/33"), 50201, "prefix length"],
  ["mixed families", iprange("10.0.0.1-::1"), 50201, "mixes"],
  ["an address range backwards", iprange("10.0.0.9-10.0.0.1"), 50201, "starts after"],
  ["an address with a zone", iprange("fe80::1%eth0"), 50201, "not an address"],
  ["uid -1", appoint(-1), 50201, "uid 1 of uidset"],
  ["uid 1.5", appoint(1.5), 50201, "uid 1 of uidset"],
  ["uid true", appoint(true), 50201, "uid 1 of uidset"],
  ["uid null", appoint(null), 50201, "uid 1 of uidset"],
  ["an empty uid", appoint(""), 50201, "uid 1 of uidset"],
  ["a uidset that is no list", { divtype: "uidappoint", divdata: [{ uidset: 5, upstream }] }, 50201, "uidset"],
  ["a uid twice", { divtype: "uidappoint", divdata: [{ uidset: [5, "5"], upstream }] }, 50201, "twice"],
  ["percent 0", percents(0), 50201, "percent"],
  ["percent 0.005", percents(0.005), 50201, "percent"],
  ["percent 100.01", percents(100.01), 50201, "percent"],
  ["percents above 100 together", percents(60, 40.01), 50201, "more than 100"],
  ["a city missing", { divtype: "arg_city", divdata: [{ upstream }] }, 50201, "city"],
  ["an upstream missing", { divtype: "arg_city", divdata: [{ city: "BJ" }] }, 50201, "upstream"],
  ["an upstream that nginx would misread", { divtype: "url", divdata: [{ url: "/a", upstream: "x/$y" }] }, 50201, "upstream"],
  ["a header without a name", { divtype: "header", divdata: [{ value: "x", upstream }] }, 50201, "name"],
  ["a salt for a type that has none", { ...suffix(1), salt: "x" }, 50201, "salt"],
];

test.each(policies)("policy: %s", async (_what, policy, code, reason) => {
  const before = await cluster.redis.client.dbsize();
  for (const action of ["policy_check", "policy_set"]) {
    const answer = await cluster.admin(action, {}, policy);
    expect(answer.code, answer.text).toBe(code);
    expect(answer.desc).toContain(reason);
    expect(answer.data).toBeUndefined();
  }
  expect(await cluster.redis.client.dbsize()).toBe(before);
});

const groups: readonly (readonly [string, unknown, number, string])[] = [
  ["not JSON", "[", 50102, "postData is not a json string"],
  ["a list", [suffix(1)], 50102, "object"],
  ["no level", {}, 50101, "blank policy group"],
  ["a name and no level", { name: "x" }, 50101, "blank policy group"],
  ["keys from 0", { 0: suffix(1), 1: suffix(2) }, 50104, "one by one"],
  ["keys with a gap", { 1: suffix(1), 3: suffix(2) }, 50104, "one by one"],
  ["keys that are words", { first: suffix(1) }, 50104, "one by one"],
  ["suffix 11 in level 2", { 1: suffix(1), 2: suffix(11) }, 50201, "policy NO.2 policy invalid for "],
  ["an unknown divtype in level 1", { 1: { divtype: "x", divdata: [] } }, 50104, "policy NO.1 "],
  ["divdata missing in level 3", { 1: suffix(1), 2: suffix(2), 3: { divtype: "url" } }, 50101, "policy NO.3 "],
  ["a level that is no object", { 1: 5 }, 50102, "policy NO.1 "],
];

test.each(groups)("policy group: %s", async (_what, group, code, reason) => {
  const before = await cluster.redis.client.dbsize();
  for (const action of ["policygroup_check", "policygroup_set"]) {
    const answer = await cluster.admin(action, {}, group);
    expect(answer.code, answer.text).toBe(code);
    expect(answer.desc).toContain(reason);
  }
  expect(await cluster.redis.client.dbsize()).toBe(before);
});

const queries: readonly (readonly [string, Parameters, number])[] = [
  ["policy_get", {}, 50104],
  ["policy_get", { policyid: "" }, 50104],
  ["policy_get", { policyid: "x" }, 50104],
  ["policy_get", { policyid: "-1" }, 50104],
  ["policy_get", { policyid: "1.5" }, 50104],
  ["policy_get", { policyid: ["1", "2"] }, 50104],
  ["policy_del", {}, 50104],
  ["policy_del", { policyid: "-1" }, 50104],
  ["policygroup_get", {}, 50104],
  ["policygroup_get", { policygroupid: "x" }, 50104],
  ["policygroup_del", { policygroupid: "-1" }, 50104],
  ["runtime_set", { hostname: "a", policyid: 4711 }, 50401],
  ["runtime_set", { hostname: "a", policygroupid: 4711 }, 50104],
  ["runtime_set", { hostname: "a" }, 50104],
  ["runtime_set", { policyid: 0 }, 50104],
  ["runtime_set", { hostname: "", policyid: 0 }, 50104],
  ["runtime_set", { hostname: "a b", policyid: 0 }, 50104],
  ["runtime_set", { hostname: "x".repeat(256), policyid: 0 }, 50104],
  ["runtime_get", {}, 50104],
  ["runtime_del", {}, 50104],
  ["policy_list", { count: 0 }, 50104],
  ["policy_list", { count: 1001 }, 50104],
  ["policygroup_list", { from: "x" }, 50104],
  ["runtime_list", { count: "x" }, 50104],
  ["explain", {}, 50104],
  ["explain", { hostname: "a", header: "nonsense" }, 50104],
  ["nonsense", {}, 50501],
  ["__index", {}, 50501],
  ["", {}, 50406],
];

test.each(queries)("%s %j → %i", async (action, parameters, code) => {
  const before = await cluster.redis.client.dbsize();
  const answer = await cluster.admin(action, parameters);
  expect(answer.status).toBe(200);
  expect(answer.code, answer.text).toBe(code);
  expect(await cluster.redis.client.dbsize()).toBe(before);
});

test("no action at all → 50406", async () => {
  expect((await cluster.admin("", {}, undefined, { path: "/ab_admin" })).code).toBe(50406);
});

test.each(["policy_check", "policy_set", "policygroup_check", "policygroup_set"])("%s without a body → 50101", async (action) => {
  for (const method of ["GET", "POST"]) {
    const answer = await cluster.admin(action, {}, undefined, { method });
    expect(answer.text).toBe('{"code":50101,"desc":"expected parameter for request_body or post data"}');
  }
});

test("other paths of the admin server are not found", async () => {
  for (const path of ["/", "/ab_admin/", "/ab_adminx", "/admin"]) {
    await expect(cluster.admin("", {}, undefined, { path })).rejects.toThrow(/answered 404/);
  }
});
