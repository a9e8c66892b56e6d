import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";

const suffix = (digit: number, upstream: string): object => ({ divtype: "uidsuffix", divdata: [{ suffix: digit, upstream }] });
const city = (name: string, upstream: string): object => ({ divtype: "arg_city", divdata: [{ city: name, upstream }] });
const uid = (value: string): { headers: Record<string, string> } => ({ headers: { "X-Uid": value } });

describe("levels", () => {
  const cluster = useCluster();

  test("the first of ten that matches decides", async () => {
    const host = cluster.newHost();
    const upstreams = ["beta1", "beta2", "beta3", "beta4", "beta1", "beta2", "beta3", "beta4", "beta1", "beta2"];
    await cluster.divert(host, ...upstreams.map((upstream, digit) => suffix(digit, upstream)));
    const { data } = await cluster.done("runtime_get", { hostname: host });
    expect(data.divsteps).toBe(10);
    expect(Object.keys(data.runtimegroup as object).sort()).toEqual(
      ["eighth", "fifth", "first", "forth", "ninth", "second", "seventh", "sixth", "tenth", "third"],
    );
    for (const [digit, upstream] of upstreams.entries()) {
      expect(await cluster.ask(host, uid(`4${digit}`))).toBe(upstream);
    }
  });

  test("an eleventh level is refused", async () => {
    const levels = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`${i + 1}`, suffix(i % 10, "beta1")]));
    expect((await cluster.admin("policygroup_set", {}, levels)).code).toBe(50104);
  });

  test("a level without a match or userinfo hands on to the next; several matches: the earlier wins", async () => {
    const host = cluster.newHost();
    await cluster.divert(
      host,
      suffix(1, "beta1"),
      city("BJ", "beta2"),
      { divtype: "iprange", divdata: [{ range: "127.0.0.0/8", upstream: "beta3" }] },
    );
    expect(await cluster.ask(host, { ...uid("1"), path: "/?city=BJ" })).toBe("beta1");
    expect(await cluster.ask(host, { ...uid("2"), path: "/?city=BJ" })).toBe("beta2");
    expect(await cluster.ask(host, { path: "/?city=BJ" })).toBe("beta2");
    expect(await cluster.ask(host, { path: "/?city=SH" })).toBe("beta3");
    expect(await cluster.ask(host, { headers: { "X-Real-IP": "8.8.8.8" }, path: "/?city=SH" })).toBe("stable");
  });

  test("divsteps uses only the first levels; more than there are is refused and changes nothing", async () => {
    const host = cluster.newHost();
    const group = await cluster.done("policygroup_set", {}, { 1: suffix(1, "beta1"), 2: city("BJ", "beta2") });
    const target = { hostname: host, policygroupid: group.data.groupid as number };
    await cluster.done("runtime_set", { ...target, divsteps: 1 });
    expect(await cluster.ask(host, uid("1"))).toBe("beta1");
    expect(await cluster.ask(host, { path: "/?city=BJ" })).toBe("stable");
    for (const divsteps of ["3", "0", "-1", "x"]) {
      expect((await cluster.admin("runtime_set", { ...target, divsteps })).code).toBe(50104);
    }
    expect((await cluster.done("runtime_get", { hostname: host })).data.divsteps).toBe(1);
    await cluster.done("runtime_set", { ...target, divsteps: 2 });
    expect(await cluster.ask(host, { path: "/?city=BJ" })).toBe("beta2");
  });

  test("a single policy is a runtime of one level, and replaces a group whole", async () => {
    const host = cluster.newHost();
    await cluster.divert(host, suffix(1, "beta1"), city("BJ", "beta2"));
    const { data } = await cluster.done("policy_set", {}, suffix(2, "beta4"));
    await cluster.done("runtime_set", { hostname: host, policyid: data.policyid as number });
    expect(await cluster.ask(host, uid("2"))).toBe("beta4");
    expect(await cluster.ask(host, uid("1"))).toBe("stable");
    expect(await cluster.ask(host, { path: "/?city=BJ" })).toBe("stable");
    const keys = await cluster.redis.client.keys(`ab:test:runtimeInfo:${host}:*`);
    expect(keys).toHaveLength(4);
  });

  test("without a runtime, and after runtime_del, requests go to the location's default", async () => {
    const host = cluster.newHost();
    expect(await cluster.ask(host, uid("1"))).toBe("stable");
    await cluster.divert(host, suffix(1, "beta1"));
    expect(await cluster.ask(host, uid("1"))).toBe("beta1");
    await cluster.done("runtime_del", { hostname: host });
    expect(await cluster.ask(host, uid("1"))).toBe("stable");
  });
});

describe("whose runtime counts", () => {
  const cluster = useCluster({
    prepare: ({ folder, prefix, port }) => {
      writeFileSync(
        join(folder, "by_hand.conf"),
        `server {
           listen 127.0.0.1:${port};
           server_name by-hand.test *.by-hand.test;
           location / {
             set $backend 'stable';
             rewrite_by_lua_file '${prefix}/diversion/diversion.lua';
             proxy_pass http://$backend;
           }
         }`,
      );
    },
    config: ({ folder }) => ({
      include: join(folder, "by_hand.conf"),
      hosts: [
        {
          server_name: ["api.weibo.cn", "api.weibo.com"],
          default_upstream: "stable",
          locations: [
            { path: "/" },
            { path: "/abc/(i|f)/", match: "~*", hostkey: "$server_name.abc" },
            { path: "/other/", default_upstream: "beta4", hostkey: "other" },
            { path: "/plain/", divert: false },
          ],
        },
      ],
    }),
  });

  test("each location's own hostkey", async () => {
    await cluster.divert("api.weibo.cn", suffix(1, "beta1"));
    await cluster.divert("api.weibo.cn.abc", suffix(1, "beta2"));
    await cluster.divert("other", suffix(1, "beta3"));
    const ask = (path: string, user: string, host = "api.weibo.cn"): Promise<string> => cluster.ask(host, { path, ...uid(user) });
    expect(await ask("/", "1")).toBe("beta1");
    expect(await ask("/", "1", "api.weibo.com")).toBe("beta1");
    expect(await ask("/ABC/i/x", "1")).toBe("beta2");
    expect(await ask("/abc/f/", "2")).toBe("stable");
    expect(await ask("/other/", "1")).toBe("beta3");
    expect(await ask("/other/", "2")).toBe("beta4");
    expect(await ask("/plain/", "1")).toBe("stable");
  });

  test("without $hostkey, the Host header, with or without a port and in any case", async () => {
    await cluster.divert("by-hand.test", suffix(1, "beta1"));
    await cluster.divert(`x.by-hand.test:${cluster.port}`, suffix(1, "beta2"));
    for (const host of ["by-hand.test", "By-Hand.TEST", "by-hand.test:80", `BY-HAND.test:${cluster.port}`]) {
      expect([host, await cluster.ask(host, uid("1"))]).toEqual([host, "beta1"]);
    }
    expect(await cluster.ask(`x.by-hand.test:${cluster.port}`, uid("1"))).toBe("beta2");
    expect(await cluster.ask("x.by-hand.test", uid("1"))).toBe("stable");
    expect(await cluster.ask("by-hand.test", uid("2"))).toBe("stable");
  });

  test("a name that no host has is not served", async () => {
    expect((await cluster.send("nobody.test")).status).toBe(404);
  });
});
