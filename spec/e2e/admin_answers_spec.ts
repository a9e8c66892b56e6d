import { describe, expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";

const success = '{"code":200,"desc":"success "}';
const suffixes = {
  divtype: "uidsuffix",
  divdata: [
    { suffix: "1", upstream: "beta1" },
    { suffix: "3", upstream: "beta2" },
  ],
};
const range = { divtype: "uidrange", divdata: [{ range: { start: 1111, end: 2222 }, upstream: "beta1" }] };

/** The answers of the contract, as text; each step builds on the ones before. */
describe("answers of /ab_admin to the letter", () => {
  const cluster = useCluster();
  const text = async (...asked: Parameters<typeof cluster.admin>): Promise<string> => (await cluster.admin(...asked)).text;

  test("checks store nothing", async () => {
    expect(await text("policy_check", {}, suffixes)).toBe(success);
    expect(await text("policygroup_check", {}, { 1: suffixes, 2: range })).toBe(success);
    expect(await cluster.redis.client.keys("*")).toEqual([]);
  });

  test("policy_set says the id, from 0 on", async () => {
    for (const [id, policy] of [suffixes, range].entries()) {
      const answer = `{"code":200,"desc":"success  the id of new policy is ${id}","data":{"policyid":${id}}}`;
      expect(await text("policy_set", {}, policy)).toBe(answer);
    }
  });

  test("policy_get: a hash flat, a range with its scores, unknown as two nulls", async () => {
    expect(await text("policy_get", { policyid: 0 })).toBe(
      '{"code":200,"desc":"success ","data":{"divtype":"uidsuffix","divdata":["1","beta1","3","beta2"]}}',
    );
    expect(await text("policy_get", { policyid: 1 })).toBe(
      '{"code":200,"desc":"success ","data":{"divtype":"uidrange","divdata":{"0:beta1":"1110.7","1:beta1":"2222.3000000000002"}}}',
    );
    expect(await text("policy_get", { policyid: 99 })).toBe(
      '{"code":200,"desc":"success ","data":{"divtype":null,"divdata":null}}',
    );
  });

  test("policygroup_set and policygroup_get", async () => {
    expect(await text("policygroup_set", {}, { 1: suffixes, 2: range })).toBe(
      '{"code":200,"desc":"success ","data":{"groupid":0,"group":[2,3]}}',
    );
    expect(await text("policygroup_get", { policygroupid: 0 })).toBe(
      '{"code":200,"desc":"success ","data":{"groupid":0,"group":["2","3"]}}',
    );
    expect(await text("policygroup_get", { policygroupid: 7 })).toBe(
      '{"code":200,"desc":"success ","data":{"groupid":7,"group":[]}}',
    );
  });

  test("runtime_set and runtime_get of a group and of a policy", async () => {
    expect(await text("runtime_set", { hostname: "api.weibo.cn", policygroupid: 0 })).toBe(success);
    expect(await text("runtime_get", { hostname: "api.weibo.cn" })).toBe(
      '{"code":200,"desc":"success ","data":{"divsteps":2,"runtimegroup":{' +
        '"first":{"divModulename":"abtesting.diversion.uidsuffix","divDataKey":"ab:test:policies:2:divdata",' +
        '"userInfoModulename":"abtesting.userinfo.uidParser"},' +
        '"second":{"divModulename":"abtesting.diversion.uidrange","divDataKey":"ab:test:policies:3:divdata",' +
        '"userInfoModulename":"abtesting.userinfo.uidParser"}}}}',
    );
    expect(await text("runtime_set", { hostname: "api.weibo.com", policyid: 0 })).toBe(success);
    expect((await cluster.admin("runtime_get", { hostname: "api.weibo.com" })).data.divsteps).toBe(1);
  });

  test("lists, and their next page", async () => {
    expect(await text("policy_list", { count: 1 })).toBe(
      '{"code":200,"desc":"success ","data":{"policies":[{"policyid":0,"divtype":"uidsuffix","rules":2}],"next":1}}',
    );
    expect(await text("policy_list", { from: 3, count: 1 })).toBe(
      '{"code":200,"desc":"success ","data":{"policies":[{"policyid":3,"divtype":"uidrange","rules":1}]}}',
    );
    expect(await text("policygroup_list")).toBe(
      '{"code":200,"desc":"success ","data":{"policygroups":[{"groupid":0,"group":["2","3"]}]}}',
    );
    expect(await text("runtime_list", { count: 1 })).toBe(
      '{"code":200,"desc":"success ","data":{"runtimes":[{"hostname":"api.weibo.cn","divsteps":2,"policyids":["2","3"]}],"next":1}}',
    );
    expect(await text("runtime_list", { from: 1 })).toBe(
      '{"code":200,"desc":"success ","data":{"runtimes":[{"hostname":"api.weibo.com","divsteps":1,"policyids":["0"]}]}}',
    );
  });

  test("runtime_del, also of one that is not there", async () => {
    expect(await text("runtime_del", { hostname: "api.weibo.cn" })).toBe(success);
    expect(await text("runtime_del", { hostname: "api.weibo.cn" })).toBe(success);
    expect(await text("runtime_get", { hostname: "api.weibo.cn" })).toBe(
      '{"code":200,"desc":"success ","data":{"divsteps":0,"runtimegroup":{}}}',
    );
  });

  test("policygroup_del takes the group's policies with it", async () => {
    expect(await text("policygroup_del", { policygroupid: 0 })).toBe(success);
    expect((await cluster.admin("policy_get", { policyid: 2 })).data.divtype).toBeNull();
    expect((await cluster.admin("policygroup_get", { policygroupid: 0 })).data.group).toEqual([]);
    expect(await text("policygroup_del", { policygroupid: 0 })).toBe(success);
  });

  test("policy_del, also of one that is not there; its id is not used again", async () => {
    expect(await text("policy_del", { policyid: 1 })).toBe(success);
    expect(await text("policy_del", { policyid: 1 })).toBe(success);
    expect(await text("policy_del", { policyid: 12345 })).toBe(success);
    expect((await cluster.done("policy_set", {}, range)).data.policyid).toBe(4);
  });

  test("the rest of the formats of policy_get", async () => {
    const get = async (policy: object): Promise<string> => {
      const { data } = await cluster.done("policy_set", {}, policy);
      const answer = await cluster.done("policy_get", { policyid: data.policyid as number });
      return JSON.stringify(answer.data);
    };
    const upstream = "beta1";
    expect(await get({ divtype: "uidappoint", divdata: [{ uidset: [7, "x"], upstream }] })).toBe(
      '{"divtype":"uidappoint","divdata":["7","beta1","x","beta1"]}',
    );
    expect(await get({ divtype: "iprange", divdata: [{ range: "1.0.0.0/32", upstream }, { range: "::1", upstream }] })).toBe(
      '{"divtype":"iprange","divdata":{"0:beta1":"16777215.699999999","1:beta1":"16777216.300000001"},' +
        '"divdata_ipv6":["00000000000000000000000000000001-00000000000000000000000000000001:beta1"]}',
    );
    expect(await get({ divtype: "percent", salt: "s", divdata: [{ percent: 0.01, upstream }] })).toBe(
      '{"divtype":"percent","divdata":{"0:beta1":"-0.29999999999999999","1:beta1":"429495.29999999999"},"salt":"s"}',
    );
    expect(await get({ divtype: "cookie", divdata: [{ name: "g", value: "b", upstream }] })).toBe(
      '{"divtype":"cookie","divdata":["g:b","beta1"]}',
    );
    expect(await get({ divtype: "url", userinfo: "header:X-Path", name: "paths", divdata: [{ url: "/a", upstream }] })).toBe(
      '{"divtype":"url","divdata":["/a","beta1"],"name":"paths","userinfo":"header:X-Path"}',
    );
  });

  test("HTTP says 200, JSON and not to store it; errors too", async () => {
    for (const action of ["policy_list", "nonsense"]) {
      const { status, headers } = await cluster.admin(action);
      expect(status).toBe(200);
      expect(headers["content-type"]).toBe("application/json; charset=utf-8");
      expect(headers["cache-control"]).toBe("no-store");
    }
  });
});

describe("names", () => {
  const cluster = useCluster();

  test("every action that takes an id takes the name", async () => {
    const host = cluster.newHost();
    await cluster.done("policy_set", {}, { ...suffixes, name: "Wien & 北京" });
    await cluster.done("policygroup_set", {}, { name: "spring", 1: suffixes, 2: { ...range, name: "spring-range" } });
    const named = await cluster.done("policy_get", { policyname: "Wien & 北京" });
    expect(named.data).toEqual({ divtype: "uidsuffix", divdata: ["1", "beta1", "3", "beta2"], name: "Wien & 北京" });
    expect((await cluster.done("policygroup_get", { policygroupname: "spring" })).data).toMatchObject({ name: "spring", groupid: 0 });

    await cluster.done("runtime_set", { hostname: host, policyname: "Wien & 北京" });
    expect(await cluster.ask(host, { headers: { "X-Uid": "3" } })).toBe("beta2");
    await cluster.done("runtime_set", { hostname: host, policygroupname: "spring", divsteps: 1 });
    expect((await cluster.done("runtime_get", { hostname: host })).data.divsteps).toBe(1);
    expect((await cluster.done("policy_list")).data.policies[0].name).toBe("Wien & 北京");

    await cluster.done("runtime_del", { hostname: host });
    await cluster.done("policygroup_del", { policygroupname: "spring" });
    await cluster.done("policy_del", { policyname: "Wien & 北京" });
    expect((await cluster.admin("policy_get", { policyname: "spring-range" })).code).toBe(50104);
  });

  test("are unique while they are borne, and free again afterwards", async () => {
    const { data } = await cluster.done("policy_set", {}, { ...suffixes, name: "once" });
    const again = await cluster.admin("policy_set", {}, { ...range, name: "once" });
    expect(again.code).toBe(50201);
    expect(again.desc).toContain(`'once' is in use by NO.${data.policyid as number}`);
    expect((await cluster.admin("policygroup_set", {}, { 1: { ...range, name: "once" } })).code).toBe(50201);
    expect((await cluster.admin("policygroup_check", {}, { 1: { ...range, name: "a" }, 2: { ...range, name: "a" } })).code).toBe(50201);
    await cluster.done("policy_del", { policyname: "once" });
    await cluster.done("policy_set", {}, { ...range, name: "once" });
  });

  test("a name that nothing has is an error for every action but never changes anything", async () => {
    for (const action of ["policy_get", "policy_del"]) {
      expect((await cluster.admin(action, { policyname: "nobody" })).code).toBe(50104);
    }
    for (const action of ["policygroup_get", "policygroup_del"]) {
      expect((await cluster.admin(action, { policygroupname: "nobody" })).code).toBe(50104);
    }
    expect((await cluster.admin("runtime_set", { hostname: "x", policyname: "nobody" })).code).toBe(50104);
  });
});
