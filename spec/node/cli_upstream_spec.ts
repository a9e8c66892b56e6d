import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { group, here, StoreCli, uidSuffix } from "./cli_store.ts";
import { startStore, type StoreServer } from "./store_server.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

const two = "server 10.0.0.1:80; server 10.0.0.2:80;";
const stored = (name: string): Promise<string | null> => store.client.hget("ab:test:upstreams", name);
const newest = async (): Promise<string[]> => (await store.client.xrevrange("ab:test:audit", "+", "-", "COUNT", 1))[0]?.[1] ?? [];

describe("upstream add", () => {
  it("creates, replaces, and says when it is so already", async () => {
    const cli = new StoreCli(store);
    expect(await cli.done("upstream", "add", "new", "server 10.0.0.1;server 10.0.0.2:80;")).toBe("upstream new stored (revision 1)");
    expect(await stored("new")).toBe(two);
    expect(await newest()).toEqual(expect.arrayContaining(["who", "ann", "from", here, "action", "add_upstream", "what", "upstream new", "upstreams", "new"]));
    expect(await cli.done("upstream", "add", "new", two)).toBe("upstream new stored: it is so already; nothing was changed");
    expect(await cli.done("upstream", "add", "new", "server 10.0.0.9;", "--json")).toBe('{"code":200,"desc":"success "}');
    expect(await stored("new")).toBe("server 10.0.0.9:80;");
  });

  it("refuses a bad body with its statement, and stores nothing", async () => {
    const run = await new StoreCli(store).run("upstream", "add", "new", "server 10.0.0.1; server 10.0.0.2 weight=0;");
    expect(run).toMatchObject({ code: 1, out: "" });
    expect(run.err).toMatch(/^dygateway: parameter error for upstream body: statement 2: weight=0: .* \(50102\)$/);
    expect(await store.client.keys("*")).toEqual([]);
  });

  it("refuses a name that differs from one of the configuration in case only", async () => {
    const run = await new StoreCli(store).run("upstream", "add", "Stable", two);
    expect(run.err).toContain("'Stable' differs from 'stable' only in case");
  });
});

describe("upstream list and show", () => {
  it("list those of Redis and of the configuration, in 80 columns", async () => {
    const cli = new StoreCli(store, { upstreams: { stable: { servers: ["127.0.0.1:8040", { address: "127.0.0.1:8041", backup: true }] } } });
    await cli.done("upstream", "add", "a-name-of-an-upstream-that-is-longer-than-any-that-anybody-would-ever-think-of", `least_conn; ${two}`);
    await store.client.hset("ab:test:upstreams", "broken", "nonsense");
    const out = await cli.done("upstream", "list");
    const lines = out.split("\n");
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(lines.map((line) => line.split(/ {2,}/).slice(1, 5))).toEqual([
      ["from", "primary", "backup", "out"],
      ["redis", "2", "0", "0"],
      ["redis", "?", "?", "?"],
      ["upstream.conf", "1", "1", "0"],
    ]);
    expect(JSON.parse(await cli.done("upstream", "list", "--json"))).toMatchObject({ code: 200, data: expect.arrayContaining(["broken", "stable"]) as unknown });
  });

  it("show the servers with the ids that name them", async () => {
    const cli = new StoreCli(store);
    await cli.done("upstream", "add", "u", "server 10.0.0.1 weight=2; server 10.0.0.2 backup down; server 10.0.0.3 out; server 10.0.0.4 drain; keepalive 8;");
    expect(await cli.done("upstream", "show", "u")).toBe(
      [
        "u (from Redis): round_robin",
        "keepalive 8;",
        "no active check",
        "kind     id  server       weight  max_fails  timeout  max_conns  state",
        "primary  0   10.0.0.1:80  2       1          10s      -",
        "backup   0   10.0.0.2:80  1       1          10s      -          down",
        "primary  -   10.0.0.3:80  1       1          10s      -          out",
        "primary  1   10.0.0.4:80  1       1          10s      -          drain",
      ].join("\n"),
    );
    expect(JSON.parse(await cli.done("upstream", "show", "stable", "--json"))).toMatchObject({
      data: { upstream: "stable", source: "upstream.conf", body: "server 127.0.0.1:8040; keepalive 64;", strategy: "round_robin" },
    });
    const unknown = await cli.run("upstream", "show", "nowhere");
    expect(unknown).toMatchObject({ code: 1, out: "" });
    expect(unknown.err).toContain("there is no upstream 'nowhere'");
  });
});

describe("the members of an upstream", () => {
  const steps: readonly (readonly [argv: readonly string[], words: string, after: string])[] = [
    [["server", "add", "u", "10.0.0.3:80", "--weight", "2", "--max-fails", "3"], "10.0.0.3:80 is a server of u", `${two} server 10.0.0.3:80 weight=2 max_fails=3;`],
    [["server", "add", "u", "[2001:DB8::1]:81", "--backup"], "[2001:DB8::1]:81 is a server of u", `${two} server [2001:db8::1]:81 backup;`],
    [["server", "add", "u", "unix:/run/a.sock"], "unix:/run/a.sock is a server of u", `${two} server unix:/run/a.sock;`],
    [["server", "remove", "u", "10.0.0.2:80"], "10.0.0.2:80 is no server of u", "server 10.0.0.1:80;"],
    [["peer", "set", "u", "10.0.0.2:80", "--weight", "5", "--fail-timeout", "30s", "--down"], "10.0.0.2:80 of u is set", "server 10.0.0.1:80; server 10.0.0.2:80 weight=5 fail_timeout=30s down;"],
    [["peer", "remove", "u", "10.0.0.2:80"], "10.0.0.2:80 is out of rotation in u", "server 10.0.0.1:80; server 10.0.0.2:80 out;"],
    [["drain", "u", "10.0.0.2:80"], "10.0.0.2:80 drains in u", "server 10.0.0.1:80; server 10.0.0.2:80 drain;"],
    [["set", "u", "--strategy", "hash $uri", "--keepalive", "9"], "upstream u set", `hash $uri; ${two} keepalive 9;`],
    [["set", "u", "--check", "type=tcp"], "upstream u set", `${two} check type=tcp;`],
  ];
  it.each(steps)("%j", async (argv, words, after) => {
    const cli = new StoreCli(store);
    await cli.done("upstream", "add", "u", two);
    expect(await cli.done("upstream", ...argv)).toBe(`${words} (revision 2)`);
    expect(await stored("u")).toBe(after);
    expect(await cli.done("upstream", ...argv)).toBe(`${words}: it is so already; nothing was changed`);
  });

  it("go back to what they were", async () => {
    const cli = new StoreCli(store);
    await cli.done("upstream", "add", "u", two);
    for (const [first, second] of [[["drain", "u", "10.0.0.2:80"], ["drain", "u", "10.0.0.2:80", "--undo"]], [["peer", "remove", "u", "10.0.0.2:80"], ["peer", "add", "u", "10.0.0.2:80"]], [["peer", "set", "u", "10.0.0.2:80", "--down"], ["peer", "set", "u", "10.0.0.2:80", "--up"]]] as const) {
      await cli.done("upstream", ...first);
      expect(await stored("u")).not.toBe(two);
      await cli.done("upstream", ...second);
      expect(await stored("u")).toBe(two);
    }
  });

  it("of the configuration are taken over with its parameters", async () => {
    const servers = ["127.0.0.1:8040", { address: "127.0.0.1:8041", weight: 3, max_fails: 2, fail_timeout: "1m", max_conns: 7, backup: true }];
    const cli = new StoreCli(store, { upstreams: { stable: { servers, balance: "least_conn", keepalive: 0 } } });
    await cli.done("upstream", "peer", "set", "stable", "127.0.0.1:8040", "--weight", "2");
    expect(await stored("stable")).toBe("least_conn; server 127.0.0.1:8040 weight=2; server 127.0.0.1:8041 weight=3 max_fails=2 fail_timeout=60s max_conns=7 backup;");
  });

  it("are refused where they cannot be, with what is wrong", async () => {
    const cli = new StoreCli(store);
    await cli.done("upstream", "add", "u", two);
    for (const [argv, code, words] of [
      [["peer", "set", "u", "10.0.0.9:80", "--weight", "2"], 1, "upstream 'u' has no peer 10.0.0.9:80; its servers are 10.0.0.1:80, 10.0.0.2:80"],
      [["peer", "set", "u", "10.0.0.1:80"], 1, "at least one of them is expected"],
      [["peer", "set", "u", "10.0.0.1:80", "--up", "--down"], 2, "cannot be used with"],
      [["server", "add", "u", "10.0.0.300:80"], 2, "is no server address"],
      [["server", "add", "none", "10.0.0.3:80"], 1, "there is no upstream 'none'"],
      [["set", "u"], 1, "at least one of them is expected"],
    ] as const) {
      const run = await cli.run("upstream", ...argv);
      expect([run.code, run.out]).toEqual([code, ""]);
      expect(run.err).toContain(words);
    }
    expect(await stored("u")).toBe(two);
  });
});

describe("an upstream in use", () => {
  it("is not removed, nor left without a peer, unless forced", async () => {
    const cli = new StoreCli(store);
    await cli.done("upstream", "add", "beta1", "server 10.0.0.1:80;");
    await cli.done("policy", "set", cli.file(uidSuffix));
    await cli.done("runtime", "set", "a.test", "--policy", "0");
    const uses = "is in use by the runtime of a.test (policy 0); force=1";
    for (const argv of [["remove", "beta1"], ["drain", "beta1", "10.0.0.1:80"], ["peer", "remove", "beta1", "10.0.0.1:80"]]) {
      const run = await cli.run("upstream", ...argv);
      expect(run.code).toBe(1);
      expect(run.err).toContain("policy is busy and policyID is 0");
      expect(run.err).toContain(uses);
    }
    expect(await cli.done("upstream", "drain", "beta1", "10.0.0.1:80", "--force")).toBe("10.0.0.1:80 drains in beta1 (revision 4)");
    expect(await cli.done("upstream", "remove", "beta1", "--force")).toBe("upstream beta1 removed (revision 5)");
    expect(await cli.done("upstream", "remove", "beta1")).toBe("upstream beta1 removed: it is so already; nothing was changed");
    expect(await stored("beta1")).toBe("removed;");
  });

  it("that exists nowhere is refused by policies, groups and runtimes, unless forced", async () => {
    const cli = new StoreCli(store, { upstreams: { stable: { servers: ["127.0.0.1:8040"] } } });
    const words = "upstream 'beta1', 'beta2': there is none of that name";
    expect((await cli.run("policy", "set", cli.file(uidSuffix))).err).toContain(words);
    expect((await cli.run("policygroup", "set", cli.file(group(uidSuffix)))).err).toContain(`policy NO.1 policy invalid for ${words}`);
    expect(await store.client.keys("*")).toEqual([]);
    await cli.done("policy", "set", cli.file(uidSuffix), "--force");
    await cli.done("policygroup", "set", cli.file(group(uidSuffix)), "--force");
    expect((await cli.run("runtime", "set", "a.test", "--policy", "0")).err).toContain(`policy 0: policy invalid for ${words}`);
    expect(await cli.done("runtime", "set", "a.test", "--policy", "0", "--force")).toBe("the runtime of a.test is set (revision 3)");
  });
});

describe("upstream import", () => {
  const conf = "upstream one { zone z 64k; server 10.0.0.1; keepalive 4; }\nupstream two { ip_hash; server 10.0.0.2:81; }\n";

  it("stores every upstream of an nginx file, and says which were there", async () => {
    const cli = new StoreCli(store);
    expect(await cli.done("upstream", "import", cli.file(conf))).toBe("upstream one stored (revision 1)\nupstream two stored (revision 2)");
    expect([await stored("one"), await stored("two")]).toEqual(["server 10.0.0.1:80; keepalive 4;", "ip_hash; server 10.0.0.2:81;"]);
    expect(await cli.done("upstream", "import", cli.file(conf), "--json")).toBe('{"code":200,"desc":"success ","data":[{"upstream":"one"},{"upstream":"two"}]}');
  });

  it("stores nothing of a file that is wrong anywhere", async () => {
    const cli = new StoreCli(store);
    const run = await cli.run("upstream", "import", cli.file(conf.replace(":81", ":810000")));
    expect(run).toMatchObject({ code: 1, out: "" });
    expect(run.err).toContain("upstream 'two': parameter error for upstream body: statement 2");
    expect((await cli.run("upstream", "import", cli.file("upstream a { server 10.0.0.1"))).err).toContain("upstream.conf: line 1");
    expect(await store.client.keys("*")).toEqual([]);
    expect(await cli.done("upstream", "import", cli.file("# nothing\n"))).toBe("there is no upstream in it");
  });
});

describe("the help", () => {
  it("has examples, in 80 columns", async () => {
    const help = (await new StoreCli(store).sandbox.run(["upstream", "--help"])).out;
    expect(help).toContain("dygateway upstream drain beta1 10.0.0.1:80");
    expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});
