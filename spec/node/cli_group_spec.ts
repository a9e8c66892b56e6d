import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { argCity, group, StoreCli, uidRange, uidSuffix } from "./cli_store.ts";
import { startStore, type StoreServer } from "./store_server.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

describe("policygroup", () => {
  const levels = group(uidSuffix, uidRange, argCity);

  it("is checked, stored, shown, listed and deleted", async () => {
    const cli = new StoreCli(store);
    const file = cli.file(`{"name":"spring",${levels.slice(1)}`);
    const described = ["uidsuffix, 2 rules", "uidrange, 2 rules", "arg_city, 1 rule"];
    expect(await cli.done("policygroup", "check", file)).toBe(
      ["the policy group is valid:", ...described.map((words, i) => `  level ${i + 1}  ${words}`)].join("\n"),
    );
    expect(await store.client.dbsize()).toBe(0);
    expect(await cli.done("policygroup", "set", file)).toBe(
      ["policy group 0 stored (revision 1):", ...described.map((words, i) => `  level ${i + 1}  policy ${i}  ${words}`)].join("\n"),
    );
    expect(await store.client.lrange("ab:test:policygroups:0", 0, -1)).toEqual(["0", "1", "2"]);
    const shown = "policy group 0, name 'spring':\n  level 1  policy 0\n  level 2  policy 1\n  level 3  policy 2";
    expect(await cli.done("policygroup", "get", "0")).toBe(shown);
    expect(await cli.done("policygroup", "get", "--name", "spring")).toBe(shown);
    expect(await cli.done("policygroup", "list")).toBe("id  name    policies\n0   spring  0, 1, 2");
    expect(await cli.done("policygroup", "del", "--name", "spring")).toBe("policy group 'spring' deleted (revision 2)");
    expect((await store.client.keys("*")).sort()).toEqual([
      "ab:test:audit",
      "ab:test:policies:idCount",
      "ab:test:policygroups:idCount",
      "ab:test:revision",
    ]);
  });

  it("answers --json byte for byte as the contract says", async () => {
    const cli = new StoreCli(store);
    await store.client.set("ab:test:policies:idCount", "4");
    expect(await cli.done("policygroup", "set", cli.file(group(uidSuffix, argCity)), "--json")).toBe(
      '{"code":200,"desc":"success ","data":{"groupid":0,"group":[5,6]}}',
    );
    expect(await cli.done("policygroup", "get", "0", "--json")).toBe(
      '{"code":200,"desc":"success ","data":{"groupid":0,"group":["5","6"]}}',
    );
    expect(await cli.run("policygroup", "get", "9", "--json")).toEqual({
      code: 1,
      out: '{"code":200,"desc":"success ","data":{"groupid":9,"group":[]}}',
      err: "",
    });
    expect(await cli.done("policygroup", "list", "--json")).toBe(
      '{"code":200,"desc":"success ","data":{"policygroups":[{"groupid":0,"group":["5","6"]}]}}',
    );
  });

  it.each<[string, string, string]>([
    ["a broken level", group(uidSuffix, uidRange.replace("2222", "1")), "policy NO.2 policy invalid for rule 1: .* \\(50201\\)"],
    ["a gap", '{"1":{},"3":{}}', "one by one .*'3' \\(50104\\)"],
    ["none", "{}", "blank policy group \\(50101\\)"],
  ])("refuses %s in the gateway's words", async (_what, text, reason) => {
    const cli = new StoreCli(store);
    const run = await cli.run("policygroup", "set", cli.file(text));
    expect(run).toMatchObject({ code: 1, out: "", err: expect.stringMatching(new RegExp(`^dygateway: .*${reason}$`)) as string });
    expect(await store.client.dbsize()).toBe(0);
  });

  it("is not deleted while a runtime uses it, unless forced", async () => {
    const cli = new StoreCli(store);
    await cli.done("policygroup", "set", cli.file(levels));
    await cli.done("runtime", "set", "api.weibo.cn", "--group", "0", "--divsteps", "2");
    const run = await cli.run("policygroup", "del", "0");
    expect(run).toMatchObject({ code: 1, err: expect.stringMatching(/0,1: in use by the runtime of api\.weibo\.cn.*\(50202\)$/) as string });
    expect(await cli.done("policygroup", "del", "0", "--force")).toBe("policy group 0 deleted (revision 3)");
    expect(await cli.done("policygroup", "del", "0")).toBe("there was no policy group 0; nothing was changed");
    expect(await cli.run("policygroup", "get", "0")).toEqual({ code: 1, out: "there is no policy group 0", err: "" });
    expect(await cli.done("policygroup", "list")).toBe("there are no policy groups");
  });
});

describe("runtime", () => {
  const key = (level: string, field: string): string => `ab:test:runtimeInfo:api.weibo.cn:${level}:${field}`;

  it("puts a group in force in the contract's layout, and replaces it whole", async () => {
    const cli = new StoreCli(store);
    await cli.done("policygroup", "set", cli.file(`{"name":"spring",${group(uidSuffix, uidRange, argCity).slice(1)}`));
    expect(await cli.done("runtime", "set", "api.weibo.cn", "--group-name", "spring")).toBe(
      "the runtime of api.weibo.cn is set (revision 2)",
    );
    expect(await store.client.get("ab:test:runtimeInfo:api.weibo.cn:divsteps")).toBe("3");
    expect(await store.client.mget(key("third", "divModulename"), key("third", "divDataKey"), key("third", "userInfoModulename"))).toEqual(
      ["abtesting.diversion.arg_city", "ab:test:policies:2:divdata", "abtesting.userinfo.cityParser"],
    );
    await cli.done("runtime", "set", "api.weibo.cn", "--policy", "1");
    expect((await store.client.keys("ab:test:runtimeInfo:*")).length).toBe(4);
    expect(await cli.done("runtime", "get", "api.weibo.cn")).toBe(
      "api.weibo.cn:\nlevel  policy  divtype   parser\n1      1       uidrange  uidParser",
    );
    expect(await cli.done("runtime", "get", "api.weibo.cn", "--json")).toBe(
      '{"code":200,"desc":"success ","data":{"divsteps":1,"runtimegroup":{"first":{"divModulename":"abtesting.diversion.uidrange",' +
        '"divDataKey":"ab:test:policies:1:divdata","userInfoModulename":"abtesting.userinfo.uidParser"}}}}',
    );
  });

  it("is listed and deleted", async () => {
    const cli = new StoreCli(store);
    expect(await cli.done("runtime", "list")).toBe("no runtimes are set");
    await cli.done("policygroup", "set", cli.file(group(uidSuffix, uidRange)));
    await cli.done("runtime", "set", "b.example", "--policy", "1");
    await cli.done("runtime", "set", "a.example", "--group", "0");
    await store.client.set("ab:test:runtimeInfo:broken:divsteps", "77");
    const table = "hostname   levels  policies\na.example  2       0, 1\nb.example  1       1\nbroken     0";
    expect(await cli.done("runtime", "list")).toBe(table);
    expect(await cli.done("runtime", "list", "--json")).toBe(
      '{"code":200,"desc":"success ","data":{"runtimes":[{"hostname":"a.example","divsteps":2,"policyids":["0","1"]},' +
        '{"hostname":"b.example","divsteps":1,"policyids":["1"]},{"hostname":"broken","divsteps":0,"policyids":[]}]}}',
    );
    expect(await cli.done("runtime", "del", "a.example")).toBe("runtime of a.example deleted (revision 4)");
    expect(await cli.done("runtime", "del", "a.example")).toBe("there was no runtime of a.example; nothing was changed");
    expect(await cli.run("runtime", "get", "a.example")).toEqual({ code: 1, out: "no runtime is set for a.example", err: "" });
    expect(await cli.run("runtime", "get", "broken")).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/divsteps is '77'.*\(40103\)$/) as string });
  });

  it.each<[string, string[], RegExp]>([
    ["an unknown policy", ["h", "--policy", "9"], /policy contains no data policy NO\.9 \(50401\)$/],
    ["an unknown group", ["h", "--group", "9"], /there is no policy group 9 \(50104\)$/],
    ["an unknown name", ["h", "--policy-name", "x"], /there is no policy named 'x' \(50104\)$/],
    ["more levels than there are", ["h", "--group", "0", "--divsteps", "3"], /3 steps asked, the group has 2 levels \(50104\)$/],
    ["no level", ["h", "--group", "0", "--divsteps", "0"], /arg divsteps invalid: a number of levels from 1 is expected \(50104\)$/],
    ["a hostname with a space", ["a b", "--group", "0"], /arg hostname invalid.*\(50104\)$/],
  ])("refuses %s and leaves what was in force", async (_what, argv, reason) => {
    const cli = new StoreCli(store);
    await cli.done("policygroup", "set", cli.file(group(uidSuffix, uidRange)));
    await cli.done("runtime", "set", "h", "--group", "0");
    const run = await cli.run("runtime", "set", ...argv);
    expect(run).toMatchObject({ code: 1, out: "", err: expect.stringMatching(reason) as string });
    expect(await store.client.get("ab:test:revision")).toBe("2");
    expect(await store.client.get("ab:test:runtimeInfo:h:divsteps")).toBe("2");
  });

  it.each([[["h"]], [["h", "--policy", "1", "--group", "1"]], [["h", "--policy", "1", "--divsteps", "1"]], [[]]])(
    "refuses the command line set %j with exit code 2",
    async (argv) => {
      expect(await new StoreCli(store).run("runtime", "set", ...argv)).toMatchObject({ code: 2, out: "" });
    },
  );

  it("puts a registered Lua divtype in force, whose rules are there already", async () => {
    await store.client.set("ab:test:policies:4:divtype", "my_city");
    await store.client.hset("ab:test:policies:4:divdata", "BJ", "beta1");
    const argv = ["runtime", "set", "h", "--policy", "4"];
    expect(await new StoreCli(store).run(...argv)).toMatchObject({ code: 1, err: expect.stringMatching(/neither built in nor registered \(50403\)$/) as string });
    await new StoreCli(store, { divtypes: { my_city: "my_cityParser" } }).done(...argv);
    expect(await store.client.get("ab:test:runtimeInfo:h:first:userInfoModulename")).toBe("abtesting.userinfo.my_cityParser");
  });
});
