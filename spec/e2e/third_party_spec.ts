import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { useCluster, type Cluster } from "./support/cluster.ts";
import { keepaliveAgent } from "./support/http.ts";

const fixtures = fileURLToPath(new URL("../lua/fixtures/", import.meta.url));

/** Drops modules and parsers into the two folders of an installation, as their authors do. */
function drop(prefix: string, modules: readonly string[], parsers: readonly string[]): void {
  for (const [folder, names] of [["diversion", modules], ["userinfo", parsers]] as const) {
    for (const name of names) {
      copyFileSync(join(fixtures, `${name}.lua`), join(prefix, "lib/abtesting", folder, `${name}.lua`));
    }
  }
}

const cities = [
  { city: "BJ", upstream: "beta1" },
  { city: "SH", upstream: "beta2" },
  { city: "TJ", upstream: "beta1" },
  { city: "CQ", upstream: "beta3" },
];
const at = (city: string): { path: string } => ({ path: `/?city=${city}` });

async function worksAsTheGuideSays(cluster: Cluster): Promise<void> {
  const host = cluster.newHost();
  const policy = { divtype: "my_city", divdata: cities };
  expect((await cluster.admin("policy_check", {}, policy)).text).toBe('{"code":200,"desc":"success "}');
  const { data } = await cluster.done("policy_set", {}, policy);
  const policyid = data.policyid as number;
  const divdata = `ab:test:policies:${policyid}:divdata`;
  expect(await cluster.redis.client.hgetall(divdata)).toEqual({ BJ: "beta1", SH: "beta2", TJ: "beta1", CQ: "beta3" });
  expect(await cluster.redis.client.get(`ab:test:policies:${policyid}:divtype`)).toBe("my_city");
  const read = await cluster.done("policy_get", { policyid });
  expect(read.data.divtype).toBe("my_city");
  expect((read.data.divdata as string[]).sort()).toEqual(["BJ", "CQ", "SH", "TJ", "beta1", "beta1", "beta2", "beta3"]);

  await cluster.done("runtime_set", { hostname: host, policyid });
  expect((await cluster.done("runtime_get", { hostname: host })).data.runtimegroup.first).toEqual({
    divModulename: "abtesting.diversion.my_city",
    divDataKey: divdata,
    userInfoModulename: "abtesting.userinfo.mycityParser",
  });
  for (const [city, upstream] of [["BJ", "beta1"], ["SH", "beta2"], ["CQ", "beta3"], ["GZ", "stable"], ["", "stable"]] as const) {
    expect([city, await cluster.ask(host, at(city))]).toEqual([city, upstream]);
  }
  expect(await cluster.ask(host)).toBe("stable");

  // Two policies of one module do not share its state, and it is a level like any other.
  const other = cluster.newHost();
  await cluster.divert(
    other,
    { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta4" }] },
    { divtype: "my_city", divdata: [{ city: "BJ", upstream: "beta2" }] },
  );
  expect(await cluster.ask(other, at("BJ"))).toBe("beta2");
  expect(await cluster.ask(other, { ...at("BJ"), headers: { "X-Uid": "1" } })).toBe("beta4");
  expect(await cluster.ask(host, at("BJ"))).toBe("beta1");

  const refused = await cluster.admin("policy_set", {}, { divtype: "my_city", divdata: [{ city: "BJ" }] });
  expect(refused.text).toBe('{"code":50201,"desc":"policy invalid for  need city and upstream"}');
  const inGroup = await cluster.admin("policygroup_check", {}, { 1: policy, 2: { divtype: "my_city", divdata: [{ upstream: "x" }] } });
  expect(inGroup.desc).toBe("policy NO.2 policy invalid for  need city and upstream");
  expect((await cluster.admin("policy_del", { policyid })).code).toBe(50202);

  await cluster.redis.kill();
  expect(await cluster.ask(host, at("SH"))).toBe("beta2");
  expect((await cluster.done("explain", { hostname: other, uid: 1 })).data.upstream).toBe("beta4");
}

describe("a module and parser of the guide, registered in dygateway.yaml", () => {
  const cluster = useCluster({
    prepare: ({ prefix }) => drop(prefix, ["my_city"], ["mycityParser"]),
    config: () => ({ divtypes: { my_city: "mycityParser" } }),
  });

  test("work as they are", () => worksAsTheGuideSays(cluster));
});

describe("the same, registered in lib/abtesting/utils/init.lua", () => {
  const cluster = useCluster({
    prepare: ({ prefix }) => {
      drop(prefix, ["my_city"], ["mycityParser"]);
      const file = join(prefix, "lib/abtesting/utils/init.lua");
      const text = readFileSync(file, "utf8");
      const line = /^( *)uidrange = "uidParser",$/m;
      expect(text).toMatch(line);
      writeFileSync(file, text.replace(line, '$&\n$1["my_city"]     = \'mycityParser\','));
    },
  });

  test("work as they are", () => worksAsTheGuideSays(cluster));
});

describe("modules with faults", () => {
  const cluster = useCluster({
    prepare: ({ prefix }) => drop(prefix, ["my_city", "raising_city", "broken_city"], ["mycityParser", "raisingParser"]),
    config: () => ({
      divtypes: { my_city: "mycityParser", raising_city: "raisingParser", broken_city: "mycityParser", absent_city: "absentParser" },
    }),
  });
  const policy = (divtype: string): object => ({ divtype, divdata: [...cities, { city: "raise", upstream: "beta1" }] });

  test.each([
    ["a module that raises a pair of the error table", "raise", "no arg fetched from req no city of ours"],
    ["a module with an error of its own", "break", "attempt to index"],
    ["a module that answers no text", "number", "getUpstream answered a number"],
    ["a parser that raises", "parser", "this parser fails"],
  ])("%s: the request goes to the default upstream, with one line in the log", async (_what, city, reason) => {
    const host = cluster.newHost();
    await cluster.divert(host, policy("raising_city"));
    const agent = keepaliveAgent(1);
    for (let n = 0; n < 20; n++) {
      expect(await cluster.ask(host, { ...at(city), agent })).toBe("stable");
    }
    expect(await cluster.ask(host, { ...at("SH"), agent })).toBe("beta2");
    agent.destroy();
    const lines = cluster.gateway.errorLog().split("\n").filter((line) => line.includes(`${host}: request went to its default upstream`));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(reason);
  });

  test("a check that raises refuses the policy with what it raised", async () => {
    const answer = await cluster.admin("policy_set", {}, { divtype: "raising_city", divdata: [] });
    expect(answer.text).toBe('{"code":50401,"desc":"policy contains no data nothing in it"}');
  });

  test("a module that cannot be loaded, or is not there, is refused by its name", async () => {
    for (const divtype of ["broken_city", "absent_city"]) {
      const answer = await cluster.admin("policy_set", {}, policy(divtype));
      expect(answer.code).toBe(50403);
      expect(answer.desc).toContain(`abtesting.diversion.${divtype}`);
    }
  });

  test("explain is told the userinfo that a parser would read, and says what the module answers or raises", async () => {
    const host = cluster.newHost();
    await cluster.divert(host, policy("raising_city"));
    const found = await cluster.done("explain", { hostname: host, userinfo: "CQ" });
    expect(found.data).toMatchObject({ upstream: "beta3", levels: [{ source: "raisingParser", userinfo: "CQ" }] });
    const raised = await cluster.admin("explain", { hostname: host, userinfo: "raise" });
    expect([raised.code, raised.desc]).toEqual([40201, expect.stringContaining("no city of ours")]);
  });
});
