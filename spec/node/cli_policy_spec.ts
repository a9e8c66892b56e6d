import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { here, StoreCli, uidRange, uidSuffix } from "./cli_store.ts";
import { startStore, type StoreServer } from "./store_server.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

const refused = (desc: string, code: number): { code: number; out: string; err: string } => ({
  code: 1,
  out: "",
  err: `dygateway: ${desc} (${code})`,
});

describe("policy check", () => {
  it("accepts what the gateway would, stores nothing and needs no Redis", async () => {
    const cli = new StoreCli(store, { redis: { unix_socket: "/nonexistent/s" } });
    expect(await cli.done("policy", "check", cli.file(uidSuffix))).toBe("the policy is valid: uidsuffix, 2 rules");
    expect(await cli.done("policy", "check", cli.file(uidSuffix), "--json")).toBe('{"code":200,"desc":"success "}');
  });

  it.each<[string, string | Uint8Array, number, RegExp]>([
    ["nothing", "", 50101, /^expected parameter for request_body or post data$/],
    ["no JSON", "{x", 50102, /postData is not a json string: .* at byte 2$/],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), 50102, /not UTF-8/],
    ["a byte order mark", `\ufeff${uidSuffix}`, 50102, /at byte 1$/],
    ["a suffix of two digits as a number", uidSuffix.replace('"1"', "11"), 50201, /^policy invalid for rule 1: suffix invalid/],
    ["an unknown divtype", '{"divtype":"moon","divdata":[]}', 50104, /unsupported divtype 'moon'; supported: .*uidsuffix/],
    ["a Lua divtype", '{"divtype":"my_city","divdata":[1]}', 50403, /use the gateway's \/ab_admin for it/],
  ])("refuses %s in the gateway's words", async (_what, text, code, desc) => {
    const cli = new StoreCli(store, { divtypes: { my_city: "my_cityParser" } });
    const run = await cli.run("policy", "check", cli.file(text), "--json");
    expect(run.code).toBe(1);
    const answer = JSON.parse(run.out) as { code: number; desc: string };
    expect(answer).toEqual({ code, desc: expect.stringMatching(desc) as string });
    expect(run.err).toBe(`dygateway: ${answer.desc} (${code})`);
  });

  it("ends with 2 for a file that cannot be read", async () => {
    const run = await new StoreCli(store).run("policy", "check", "/nonexistent/policy.json");
    expect(run).toMatchObject({ code: 2, out: "" });
    expect(run.err).toMatch(/^dygateway: \/nonexistent\/policy\.json cannot be read: ENOENT/);
  });
});

describe("policy set", () => {
  it("stores in the contract's layout, with revision, audit and announcement", async () => {
    const cli = new StoreCli(store);
    const listener = store.client.duplicate();
    const announced: string[] = [];
    await listener.subscribe("ab:test:changes");
    listener.on("message", (_channel: string, message: string) => {
      announced.push(message);
    });
    expect(await cli.done("policy", "set", cli.file(uidRange))).toBe("policy 0 stored: uidrange, 2 rules (revision 1)");
    await expect.poll(() => announced).toEqual(["1"]);
    listener.disconnect();
    expect((await store.client.keys("*")).sort()).toEqual([
      "ab:test:audit",
      "ab:test:policies:0:divdata",
      "ab:test:policies:0:divtype",
      "ab:test:policies:idCount",
      "ab:test:revision",
    ]);
    expect(await store.client.get("ab:test:policies:idCount")).toBe("0");
    expect(await store.client.get("ab:test:policies:0:divtype")).toBe("uidrange");
    expect(await store.client.call("ZRANGE", "ab:test:policies:0:divdata", "0", "-1", "WITHSCORES")).toEqual([
      "0:beta1", "1110.7", "1:beta1", "2222.3000000000002", "2:127.0.0.1:8042", "3332.6999999999998", "3:127.0.0.1:8042", "4444.3000000000002",
    ]);
    expect((await store.client.xrange("ab:test:audit", "-", "+"))[0]?.[1]).toEqual(
      expect.arrayContaining(["who", "ann", "from", here, "action", "policy_set", "what", "policy 0"]),
    );
  });

  it("answers --json as /ab_admin does", async () => {
    const cli = new StoreCli(store);
    const answer = '{"code":200,"desc":"success  the id of new policy is 0","data":{"policyid":0}}';
    expect(await cli.done("policy", "set", cli.file(uidSuffix), "--json")).toBe(answer);
  });

  it("honours the configured prefix", async () => {
    const cli = new StoreCli(store, { redis: { unix_socket: store.settings.unixSocket, prefix: "ab" } });
    await cli.done("policy", "set", cli.file(uidSuffix));
    expect(await store.client.hgetall("ab:policies:0:divdata")).toEqual({ "1": "beta1", "3": "beta2" });
  });

  it("refuses a name that is taken, and changes nothing", async () => {
    const cli = new StoreCli(store);
    const named = cli.file(`{"name":"gray",${uidSuffix.slice(1)}`);
    await cli.done("policy", "set", named);
    const desc = "policy invalid for name: the policy name 'gray' is in use by NO.0; names are unique";
    expect(await cli.run("policy", "set", named)).toEqual(refused(desc, 50201));
    expect(await store.client.get("ab:test:revision")).toBe("1");
  });

  it("says where Redis is that does not answer", async () => {
    const cli = new StoreCli(store, { redis: { unix_socket: "/nonexistent/s" } });
    const run = await cli.run("policy", "set", cli.file(uidSuffix));
    expect(run.code).toBe(1);
    expect(run.err).toMatch(/^dygateway: redis connect error for unix:\/nonexistent\/s: .*; nothing was changed \(50301\)$/);
  });
});

describe("policy get", () => {
  it("shows each storage as its rules", async () => {
    const cli = new StoreCli(store);
    const policies = [
      uidRange,
      '{"divtype":"iprange","userinfo":"header:X-Ip","divdata":[{"range":"10.0.0.0/8","upstream":"beta1"},{"range":"2001:db8::1","upstream":"beta2"}]}',
      '{"divtype":"percent","name":"a share","salt":"s","divdata":[{"percent":5,"upstream":"beta1"},{"percent":0.01,"upstream":"beta2"}]}',
      '{"divtype":"header","divdata":[{"name":"X-Env","value":"gray","upstream":"beta1"}]}',
      '{"divtype":"uidappoint","divdata":[{"uidset":[100,20,3],"upstream":"beta1"}]}',
    ];
    for (const policy of policies) await cli.done("policy", "set", cli.file(policy));
    const shown = [];
    for (const id of policies.keys()) shown.push(await cli.done("policy", "get", `${id}`));
    expect(shown).toEqual([
      "policy 0: uidrange\nuids         upstream\n1111 - 2222  beta1\n3333 - 4444  127.0.0.1:8042",
      "policy 1: iprange, userinfo header:X-Ip\naddresses                  upstream\n10.0.0.0 - 10.255.255.255  beta1\n2001:db8::1                beta2",
      "policy 2: percent, name 'a share', salt 's'\nshare       upstream\n0 - 5 %     beta1\n5 - 5.01 %  beta2",
      "policy 3: header\nname:value  upstream\nx-env:gray  beta1",
      "policy 4: uidappoint\nuid  upstream\n3    beta1\n20   beta1\n100  beta1",
    ]);
    expect(await cli.done("policy", "get", "--name", "a share")).toMatch(/^policy 'a share': percent/);
  });

  it("answers --json byte for byte as the contract says", async () => {
    const cli = new StoreCli(store);
    await cli.done("policy", "set", cli.file(uidRange.replace(/,\{"range":\{"start":3333.*\}/, "]}")));
    expect(await cli.done("policy", "get", "0", "--json")).toBe(
      '{"code":200,"desc":"success ","data":{"divtype":"uidrange","divdata":{"0:beta1":"1110.7","1:beta1":"2222.3000000000002"}}}',
    );
    expect(await cli.run("policy", "get", "7", "--json")).toEqual({
      code: 1,
      out: '{"code":200,"desc":"success ","data":{"divtype":null,"divdata":null}}',
      err: "",
    });
  });

  it("shows what is not in the layout as it is, harmless for a terminal", async () => {
    await store.client.set("ab:test:policies:5:divtype", "uidrange");
    await store.client.zadd("ab:test:policies:5:divdata", 1, "x\u001b[2J");
    const cli = new StoreCli(store);
    expect(await cli.done("policy", "get", "5")).toBe("policy 5: uidrange\nuids  upstream\n1     x\\x1b[2J");
  });

  it("shows a page of a large policy and says how much more there is", async () => {
    const cli = new StoreCli(store);
    const uids = Array.from({ length: 1000 }, (_, i) => i);
    await cli.done("policy", "set", cli.file(`{"divtype":"uidappoint","divdata":[{"uidset":[${uids.join(",")}],"upstream":"b"}]}`));
    const lines = (await cli.done("policy", "get", "0")).split("\n");
    expect(lines.slice(-2)).toEqual(["39   b", "… and 960 more; --json has all of them"]);
  });

  it("ends with 1 where there is none", async () => {
    expect(await new StoreCli(store).run("policy", "get", "7")).toEqual({ code: 1, out: "there is no policy 7", err: "" });
    const desc = "parameter type error for policyname: there is no policy named 'x'";
    expect(await new StoreCli(store).run("policy", "get", "--name", "x")).toEqual(refused(desc, 50104));
    const invalid = "parameter type error for policyId invalid: a number from 0 is expected in policyid";
    expect(await new StoreCli(store).run("policy", "get", "x1")).toEqual(refused(invalid, 50104));
  });

  it.each([[["get"]], [["get", "1", "--name", "x"]], [["del"]], [["set"]], [["check", "a", "b"]], [[]]])(
    "refuses the command line %j with exit code 2",
    async (argv) => {
      const run = await new StoreCli(store).run("policy", ...argv);
      expect(run).toMatchObject({ code: 2, out: "" });
      expect(run.err).not.toBe("");
    },
  );
});

describe("policy del", () => {
  it("refuses one that is in use, unless forced", async () => {
    const cli = new StoreCli(store);
    await cli.done("policy", "set", cli.file(uidSuffix));
    await cli.done("runtime", "set", "api.weibo.cn", "--policy", "0");
    const desc = "policy is busy and policyID is 0: in use by the runtime of api.weibo.cn; force=1 deletes it all the same";
    expect(await cli.run("policy", "del", "0")).toEqual(refused(desc, 50202));
    expect(await store.client.exists("ab:test:policies:0:divdata")).toBe(1);
    expect(await cli.done("policy", "del", "0", "--force")).toBe("policy 0 deleted (revision 3)");
    expect(await store.client.exists("ab:test:policies:0:divdata")).toBe(0);
  });

  it("is content with one that is not there, and writes nothing", async () => {
    const cli = new StoreCli(store);
    expect(await cli.done("policy", "del", "3")).toBe("there was no policy 3; nothing was changed");
    expect(await cli.done("policy", "del", "3", "--json")).toBe('{"code":200,"desc":"success "}');
    expect(await store.client.dbsize()).toBe(0);
  });
});

describe("policy list", () => {
  it("lists all pages in 80 columns", async () => {
    const cli = new StoreCli(store);
    expect(await cli.done("policy", "list")).toBe("there are no policies");
    const name = "灰度".repeat(20);
    await cli.done("policy", "set", cli.file(`{"name":"${name}","userinfo":"cookie:${"u".repeat(50)}",${uidSuffix.slice(1)}`));
    const batch = store.client.pipeline().set("ab:test:policies:idCount", "2500");
    for (let id = 1; id <= 2500; id += 100) batch.set(`ab:test:policies:${id}:divtype`, "url");
    await batch.exec();
    const lines = (await cli.done("policy", "list")).split("\n");
    expect(lines).toHaveLength(27);
    expect(lines[1]).toMatch(/^0 {5}(灰度)+灰?… +uidsuffix {2}2 {6}cookie:u+…$/);
    const { data } = JSON.parse(await cli.done("policy", "list", "--json")) as { data: { policies: { name?: string }[] } };
    expect(Object.keys(data)).toEqual(["policies"]);
    expect(data.policies).toHaveLength(26);
    expect(data.policies[0]?.name).toBe(name);
  });
});
