import { describe, expect, test } from "vitest";
import { useCluster, WORKERS } from "./support/cluster.ts";

const suffix = (digit: number, upstream: string): object => ({ divtype: "uidsuffix", divdata: [{ suffix: digit, upstream }] });

describe("changes", () => {
  const cluster = useCluster();
  const { stringify } = JSON;

  async function audit(): Promise<Record<string, string>[]> {
    const entries = await cluster.redis.client.xrange("ab:test:audit", "-", "+");
    return entries.map(([id, fields]) => {
      const entry: Record<string, string> = { id };
      for (let i = 0; i + 1 < fields.length; i += 2) {
        entry[fields[i] ?? ""] = fields[i + 1] ?? "";
      }
      return entry;
    });
  }

  test("each has a revision of its own, in headers and in Redis, and all workers have it", async () => {
    for (let n = 0; n < 5; n++) {
      const before = Number((await cluster.redis.client.get("ab:test:revision")) ?? 0);
      const { headers } = await cluster.done("policy_set", {}, suffix(n, "beta1"));
      expect(headers["x-dygateway-revision"]).toBe(`${before + 1}`);
      expect(headers["x-dygateway-applied"]).toBe(`${WORKERS}/${WORKERS}`);
      expect(await cluster.redis.client.get("ab:test:revision")).toBe(`${before + 1}`);
    }
    expect((await cluster.admin("policy_list")).headers["x-dygateway-revision"]).toBeUndefined();
    expect((await cluster.admin("policy_check", {}, suffix(1, "beta1"))).headers["x-dygateway-revision"]).toBeUndefined();
  });

  test("each is told in the audit stream: who, from where, what, before and after", async () => {
    const host = cluster.newHost();
    const operator = { headers: { "X-Operator": "zhang san" } };
    const known = (await audit()).length;
    const policy = (await cluster.admin("policy_set", {}, { ...suffix(1, "beta1"), name: "one" }, operator)).data.policyid as number;
    const group = (await cluster.done("policygroup_set", {}, { 1: suffix(2, "beta2"), 2: suffix(3, "beta3") })).data;
    await cluster.done("runtime_set", { hostname: host, policyid: policy });
    await cluster.done("runtime_set", { hostname: host, policygroupid: group.groupid as number });
    await cluster.done("runtime_del", { hostname: host });
    await cluster.done("policygroup_del", { policygroupid: group.groupid as number });
    await cluster.done("policy_del", { policyid: policy });

    const [first, second] = group.group as [number, number];
    const entries = (await audit()).slice(known);
    expect(entries.map(({ action, what, before, after, hostnames, policyids }) => ({ action, what, before, after, hostnames, policyids }))).toEqual([
      { action: "policy_set", what: `policy ${policy}`, before: "", after: "uidsuffix 'one', 1 rule", hostnames: "", policyids: `${policy}` },
      {
        action: "policygroup_set",
        what: `policygroup ${group.groupid as number}`,
        before: "",
        after: `${first}: uidsuffix, 1 rule; ${second}: uidsuffix, 1 rule`,
        hostnames: "",
        policyids: `${first}\n${second}`,
      },
      { action: "runtime_set", what: `hostname ${host}`, before: "", after: `policies ${policy} (1 levels)`, hostnames: host, policyids: "" },
      {
        action: "runtime_set",
        what: `hostname ${host}`,
        before: `policies ${policy} (1 levels)`,
        after: `policies ${first},${second} (2 levels)`,
        hostnames: host,
        policyids: "",
      },
      { action: "runtime_del", what: `hostname ${host}`, before: `policies ${first},${second} (2 levels)`, after: "", hostnames: host, policyids: "" },
      {
        action: "policygroup_del",
        what: `policygroup ${group.groupid as number}`,
        before: `policies ${first},${second}`,
        after: "",
        hostnames: "",
        policyids: `${first}\n${second}`,
      },
      { action: "policy_del", what: `policy ${policy}`, before: "uidsuffix", after: "", hostnames: "", policyids: `${policy}` },
    ]);
    expect(entries.map(({ who }) => who)).toEqual(["zhang san", "", "", "", "", "", ""]);
    expect(entries.every(({ from }) => from === "127.0.0.1")).toBe(true);
    expect(entries.every(({ time }) => Math.abs(Number(time) - Date.now()) < 60_000)).toBe(true);
    expect(new Set(entries.map(({ nonce }) => nonce)).size).toBe(entries.length);
    const revision = Number(await cluster.redis.client.get("ab:test:revision"));
    expect(entries.map(({ id }) => id)).toEqual(entries.map((_, i) => `${revision - entries.length + 1 + i}-0`));
  });

  test("what changes nothing has no entry", async () => {
    const known = stringify(await audit());
    await cluster.done("policy_del", { policyid: 99999 });
    await cluster.done("policygroup_del", { policygroupid: 99999 });
    await cluster.done("runtime_del", { hostname: "never.test" });
    await cluster.admin("runtime_set", { hostname: "never.test", policyid: 99999 });
    expect(stringify(await audit())).toBe(known);
  });

  test("a policy that a runtime uses is deleted only by force; then its level is skipped", async () => {
    const host = cluster.newHost();
    const [policyid = -1] = await cluster.divert(host, suffix(1, "beta1"), suffix(2, "beta2"));
    const refused = await cluster.admin("policy_del", { policyid });
    expect(refused.code).toBe(50202);
    expect(refused.desc).toMatch(new RegExp(`^policy is busy and policyID is ${policyid}: .*${host}`));
    expect(await cluster.ask(host, { headers: { "X-Uid": "1" } })).toBe("beta1");
    await cluster.done("policy_del", { policyid, force: 1 });
    expect(await cluster.ask(host, { headers: { "X-Uid": "1" } })).toBe("stable");
    expect(await cluster.ask(host, { headers: { "X-Uid": "2" } })).toBe("beta2");
    const { data } = await cluster.done("status");
    expect(data.broken).toContainEqual(expect.objectContaining({ hostname: host, level: 1, policyid }));
    await cluster.done("runtime_del", { hostname: host });
    expect((await cluster.done("status")).data.broken_levels).toBe(0);
  });

  test("a group that a runtime uses likewise, in part too", async () => {
    const host = cluster.newHost();
    const { data } = await cluster.done("policygroup_set", {}, { 1: suffix(1, "beta1"), 2: suffix(2, "beta2") });
    const policygroupid = data.groupid as number;
    const [first, second] = data.group as [number, number];
    await cluster.done("runtime_set", { hostname: host, policyid: second });
    const refused = await cluster.admin("policygroup_del", { policygroupid });
    expect(refused.code).toBe(50202);
    expect(refused.desc).toContain(`policyID is ${second}`);
    expect(refused.desc).toContain(host);
    expect((await cluster.done("policy_get", { policyid: first })).data.divtype).toBe("uidsuffix");
    await cluster.done("policygroup_del", { policygroupid, force: "1" });
    expect(await cluster.ask(host, { headers: { "X-Uid": "2" } })).toBe("stable");
    await cluster.done("runtime_del", { hostname: host });
  });

  test("a runtime that cannot be set leaves the one that is in force", async () => {
    const host = cluster.newHost();
    await cluster.divert(host, suffix(1, "beta1"));
    const before = stringify((await cluster.done("runtime_get", { hostname: host })).data);
    expect((await cluster.admin("runtime_set", { hostname: host, policyid: 99999 })).code).toBe(50401);
    expect((await cluster.admin("runtime_set", { hostname: host, policygroupid: 99999 })).code).toBe(50104);
    expect(stringify((await cluster.done("runtime_get", { hostname: host })).data)).toBe(before);
    expect(await cluster.ask(host, { headers: { "X-Uid": "1" } })).toBe("beta1");
  });
});

describe("what an operator sees", () => {
  const cluster = useCluster();

  test("lists go on where the page before ended, over gaps", async () => {
    const ids: number[] = [];
    for (let n = 0; n < 25; n++) {
      ids.push((await cluster.done("policy_set", {}, suffix(n % 10, "beta1"))).data.policyid as number);
      await cluster.done("runtime_set", { hostname: `page${String(n).padStart(2, "0")}.test`, policyid: n });
    }
    await cluster.done("policy_set", {}, suffix(1, "beta1"));
    await cluster.done("policy_del", { policyid: 25 });
    const pages = async (action: string, name: string, key: string): Promise<unknown[]> => {
      const found: unknown[] = [];
      let from: number | undefined = 0;
      while (from !== undefined) {
        const { data } = await cluster.done(action, { from, count: 10 });
        expect((data[name] as unknown[]).length).toBeLessThanOrEqual(10);
        found.push(...(data[name] as Record<string, unknown>[]).map((item) => item[key]));
        from = data.next as number | undefined;
      }
      return found;
    };
    expect(await pages("policy_list", "policies", "policyid")).toEqual(ids);
    expect(await pages("runtime_list", "runtimes", "hostname")).toEqual(
      ids.map((n) => `page${String(n).padStart(2, "0")}.test`),
    );
  });

  test("status: revision in Redis, on this node and per worker, the store, the snapshot's age", async () => {
    const { headers } = await cluster.done("policy_set", {}, suffix(1, "beta1"));
    const revision = Number(headers["x-dygateway-revision"]);
    const { data } = await cluster.done("status");
    expect(data).toMatchObject({
      revision,
      runtimes: 25,
      store: { reachable: true, revision, lost: false, direct_writes: "announced", problem: "" },
      broken_levels: 0,
      broken: [],
    });
    expect(data.workers).toHaveLength(WORKERS);
    expect((data.workers as { id: number }[]).map(({ id }) => id).sort()).toEqual([0, 1, 2, 3]);
    expect((data.workers as { revision: number }[]).every((worker) => worker.revision === revision)).toBe(true);
    expect((data.workers as { leader: boolean }[]).filter(({ leader }) => leader)).toHaveLength(1);
    expect(data.snapshot.problem).toBe("");
    expect(data.snapshot.age_ms).toBeTypeOf("number");
  });

  test("explain: each level's userinfo, the rule hit or why not, the upstream; as traffic does", async () => {
    const host = cluster.newHost();
    const ids = await cluster.divert(
      host,
      { divtype: "iprange", divdata: [{ range: "10.0.0.0/8", upstream: "beta1" }] },
      { ...suffix(3, "beta3"), userinfo: "cookie:uid" },
      { divtype: "header", divdata: [{ name: "X-Env", value: "gray", upstream: "beta2" }] },
    );
    const { data } = await cluster.done("explain", { hostname: host, ip: "11.0.0.1", cookie: ["a=b", "uid=13"], header: "X-Env:gray" });
    expect(data).toEqual({
      hostname: host,
      upstream: "beta3",
      why: "level 2",
      levels: [
        { level: 1, policyid: ids[0], divtype: "iprange", source: "ip", userinfo: "11.0.0.1", upstream: null, why: "no range holds 11.0.0.1" },
        { level: 2, policyid: ids[1], divtype: "uidsuffix", source: "cookie:uid", userinfo: "13", upstream: "beta3", why: "suffix '3'" },
        expect.objectContaining({ level: 3, policyid: ids[2], divtype: "header", upstream: "beta2" }),
      ],
    });
    expect(await cluster.ask(host, { headers: { "X-Real-IP": "11.0.0.1", Cookie: "a=b; uid=13", "X-Env": "gray" } })).toBe("beta3");
    const none = await cluster.done("explain", { hostname: host });
    expect(none.data.upstream).toBeNull();
    expect(none.data.levels[1].why).toBe("cookie:uid has no value in the request");
    const unknown = await cluster.done("explain", { hostname: "nobody.test", uid: 1 });
    expect(unknown.data).toEqual({
      hostname: "nobody.test",
      upstream: null,
      why: "no runtime is in force for 'nobody.test': the location's default upstream is used",
      levels: [],
    });
  });
});
