import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { argCity, group, StoreCli, uidRange, uidSuffix } from "./cli_store.ts";
import { startStore, type StoreServer } from "./store_server.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

const host = "api.weibo.cn";

async function inForce(...policies: string[]): Promise<StoreCli> {
  const cli = new StoreCli(store, { divtypes: { my_city: "my_cityParser" } });
  await cli.done("policygroup", "set", cli.file(group(...policies)));
  await cli.done("runtime", "set", host, "--group", "0");
  return cli;
}

/** Points a level of the runtime at what the predecessor, or a hand, left in Redis. */
async function pointLevel(level: string, divtype: string, key: string, parser = "uidParser"): Promise<void> {
  const at = `ab:test:runtimeInfo:${host}:${level}`;
  await store.client.mset({
    [`${at}:divModulename`]: `abtesting.diversion.${divtype}`,
    [`${at}:divDataKey`]: key,
    [`${at}:userInfoModulename`]: `abtesting.userinfo.${parser}`,
  });
}

const upstreamOf = async (cli: StoreCli, ...request: string[]): Promise<string | null> => {
  const { data } = JSON.parse(await cli.done("explain", host, ...request, "--json")) as { data: { upstream: string | null } };
  return data.upstream;
};

describe("explain", () => {
  it("says which level decides, why those before it do not, and which were not asked", async () => {
    const cli = await inForce(uidSuffix, argCity, uidRange);
    expect(await cli.done("explain", host, "--uid", "1112", "--city", "北京")).toBe(
      [
        "api.weibo.cn -> beta3, by level 2",
        "  level 1  policy 0, uidsuffix, header:X-Uid = '1112'",
        "           no match: no rule for a suffix of '1112'",
        "  level 2  policy 1, arg_city, arg:city = '北京'",
        "           beta3: city '北京'",
        "  level 3  policy 2, uidrange, header:X-Uid = '1112'",
        "           beta1: range 1111-2222 (not reached)",
      ].join("\n"),
    );
  });

  it("says when the default upstream is reached, and why", async () => {
    const cli = await inForce(uidSuffix);
    expect(await cli.done("explain", host)).toBe(
      [
        "api.weibo.cn -> the location's default upstream: no level matches",
        "  level 1  policy 0, uidsuffix, header:X-Uid",
        "           no match: header:X-Uid has no value in the request",
      ].join("\n"),
    );
    expect(await cli.done("explain", "other.cn")).toBe("other.cn -> the location's default upstream: no runtime is set for it");
  });

  it("answers --json as /ab_admin does", async () => {
    const cli = await inForce(uidSuffix);
    expect(await cli.done("explain", host, "--uid", "31", "--json")).toBe(
      '{"code":200,"desc":"success ","data":{"hostname":"api.weibo.cn","upstream":"beta1","why":"level 1","levels":[{"level":1,' +
        '"policyid":0,"divtype":"uidsuffix","source":"header:X-Uid","userinfo":"31","upstream":"beta1","why":"suffix \'1\'"}]}}',
    );
  });

  it("takes every fact of a request", async () => {
    const cli = await inForce(
      '{"divtype":"uidappoint","divdata":[{"uidset":["u-7"],"upstream":"uid"}]}',
      '{"divtype":"iprange","divdata":[{"range":"10.0.0.0/8","upstream":"ip4"},{"range":"2001:db8::/32","upstream":"ip6"}]}',
      argCity,
      '{"divtype":"url","divdata":[{"url":"/a/b","upstream":"uri"}]}',
      '{"divtype":"header","divdata":[{"name":"X-Env","value":"gray","upstream":"header"}]}',
      '{"divtype":"cookie","divdata":[{"name":"env","value":"gray","upstream":"cookie"}]}',
      '{"divtype":"arg","divdata":[{"name":"v","value":"2","upstream":"arg"}]}',
      '{"divtype":"percent","userinfo":"cookie:device","divdata":[{"percent":100,"upstream":"percent"}]}',
    );
    const asked: [string[], string | null][] = [
      [["--uid", "u-7"], "uid"],
      [["--ip", "10.255.0.1"], "ip4"],
      [["--ip", "2001:db8::9"], "ip6"],
      [["--city", "北京"], "beta3"],
      [["--uri", "/a/b"], "uri"],
      [["--header", "X-Other:1", "--header", "x-env: gray"], "header"],
      [["--cookie", "a=1", "--cookie", "env=gray"], "cookie"],
      [["--arg", "v=2"], "arg"],
      [["--cookie", "device=d1"], "percent"],
      [["--header", "X-Uid:u-7"], "uid"],
      [["--uid", "u-8", "--ip", "11.0.0.1"], null],
    ];
    for (const [request, upstream] of asked) expect([request, await upstreamOf(cli, ...request)]).toEqual([request, upstream]);
  });

  it("skips a broken level, names the reason, and goes on", async () => {
    const cli = await inForce(uidSuffix, uidRange);
    await store.client.set("ab:test:policies:8:divdata", "text");
    await pointLevel("first", "uidsuffix", "ab:test:policies:8:divdata");
    expect(await cli.done("explain", host, "--uid", "1111")).toBe(
      [
        "api.weibo.cn -> beta1, by level 2",
        "  level 1  policy 8, uidsuffix",
        "           no match: skipped: policy in db error ab:test:policies:8:divdata: a",
        "           hash, sorted set or list is expected, it is a string",
        "  level 2  policy 1, uidrange, header:X-Uid = '1111'",
        "           beta1: range 1111-2222",
      ].join("\n"),
    );
  });

  it("reaches the default upstream where the runtime itself is broken", async () => {
    const cli = await inForce(uidSuffix);
    await store.client.set(`ab:test:runtimeInfo:${host}:divsteps`, "77");
    expect(await cli.done("explain", host, "--uid", "1")).toMatch(/default upstream: no level matches\n {2}level 0 .*\n.*divsteps is '77'/s);
  });

  it("does not answer for a Lua module of the gateway, unless a level before it decides", async () => {
    const cli = await inForce(uidSuffix, uidRange);
    await store.client.hset("ab:test:policies:9:divdata", "BJ", "beta1");
    await pointLevel("second", "my_city", "ab:test:policies:9:divdata", "my_cityParser");
    expect(await cli.done("explain", host, "--uid", "1")).toMatch(/^api\.weibo\.cn -> beta1, by level 1\n/);
    const desc =
      "no required module for abtesting.diversion.my_city: level 2 is a Lua module, which only a gateway can run; " +
      "ask its /ab_admin?action=explain";
    const run = await cli.run("explain", host, "--uid", "2", "--json");
    expect(run).toEqual({ code: 1, out: JSON.stringify({ code: 50403, desc }), err: `dygateway: ${desc} (50403)` });
    await pointLevel("second", "uidrange", "ab:test:policies:1:divdata", "my_cityParser");
    expect(await cli.run("explain", host, "--uid", "1112")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/abtesting\.userinfo\.my_cityParser: level 2 is a Lua module/) as string,
    });
  });

  it("refuses a request that cannot be, and a store that does not answer", async () => {
    const cli = await inForce(uidSuffix);
    expect(await cli.run("explain", host, "--header", "nocolon")).toMatchObject({
      code: 1,
      err: "dygateway: parameter type error for arg header invalid: 'nocolon' is not NAME:VALUE (50104)",
    });
    const lost = new StoreCli(store, { redis: { unix_socket: "/nonexistent/s" } });
    expect(await lost.run("explain", host)).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/\(50301\)$/) as string });
    expect(await cli.run("explain")).toMatchObject({ code: 2 });
  });
});
