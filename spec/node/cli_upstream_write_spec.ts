import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { confUpstreams } from "../../src/node/store/conf_upstreams.ts";
import { composeConf } from "../../src/dygateway/core/upstream/conf_file.ts";
import { valueOf } from "../core/support/results.ts";
import { StoreCli } from "./cli_store.ts";
import { startStore, type StoreServer } from "./store_server.ts";
import type { Run } from "./support/sandbox.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

class Site extends StoreCli {
  constructor(config: object = {}) {
    super(store, { dynamic_upstreams: { written_by: "operator" }, ...config });
  }

  get conf(): string {
    return join(this.sandbox.output, "upstream.conf");
  }

  write(): Promise<Run> {
    return this.run("upstream", "write", "-o", this.sandbox.output);
  }

  async rendered(): Promise<this> {
    expect(await this.sandbox.render()).toMatchObject({ code: 0, err: "" });
    return this;
  }
}

describe("upstream write", () => {
  it("brings what was set at run time into the file, says what changed, and then has nothing to do", async () => {
    const site = await new Site().rendered();
    await site.done("upstream", "add", "fresh", "server 10.0.0.1:80 weight=2; server 10.0.0.2:80 drain;");
    await site.done("upstream", "remove", "beta1");
    const written = await site.write();
    expect(written).toMatchObject({ code: 0, err: "" });
    expect(written.out).toContain(`${site.conf} written (revision 2):\n`);
    expect(written.out).toContain("+ # removed: beta1");
    expect(written.out).toContain("+     server 10.0.0.1:80 weight=2;\n+     server 10.0.0.2:80 down; # drain");
    expect(readFileSync(`${site.conf}.orig`, "utf8")).not.toContain(">>> dygateway");
    const { ino } = statSync(site.conf);
    // A change of something else is no reason for another file.
    await store.client.set("ab:test:revision", "9");
    expect(await site.write()).toEqual({ code: 0, out: `${site.conf} is up to date (revision 9)`, err: "" });
    expect(statSync(site.conf).ino).toBe(ino);
    expect(await site.sandbox.render("--check")).toMatchObject({ code: 0 });
    expect(readdirSync(site.sandbox.output).filter((name) => name.startsWith("upstream.conf")).sort()).toEqual(["upstream.conf", "upstream.conf.orig"]);
  });

  it("leaves an operator's text and the file's permissions as they are", async () => {
    const site = await new Site().rendered();
    writeFileSync(site.conf, `# by hand\n${readFileSync(site.conf, "utf8")}`);
    chmodSync(site.conf, 0o600);
    await site.done("upstream", "add", "fresh", "server 10.0.0.1:80;");
    expect(await site.write()).toMatchObject({ code: 0 });
    expect(readFileSync(site.conf, "utf8").startsWith("# by hand\n")).toBe(true);
    expect(statSync(site.conf).mode & 0o777).toBe(0o600);
  });

  it("leaves the file as it was where nginx refuses the new one, and exits 1", async () => {
    const site = await new Site().rendered();
    // Whole blocks, but nothing that nginx starts from.
    writeFileSync(site.conf, `${readFileSync(site.conf, "utf8")}upstream mine { server 10.0.0.1 wait=3; }\n`);
    const before = readFileSync(site.conf, "utf8");
    await site.done("upstream", "add", "fresh", "server 10.0.0.1:80;");
    const run = await site.write();
    expect(run).toMatchObject({ code: 1, out: "" });
    expect(run.err).toContain('invalid parameter "wait=3"');
    expect(run.err).toContain(`in ${site.conf}:`);
    expect(readFileSync(site.conf, "utf8")).toBe(before);
    expect(existsSync(`${site.sandbox.output}.rendering`)).toBe(false);
  });

  it("does not touch a file that was cut short", async () => {
    const site = await new Site().rendered();
    await site.done("upstream", "add", "fresh", "server 10.0.0.1:80;");
    await site.write();
    const cut = readFileSync(site.conf, "utf8").replace("# <<< dygateway\n", "");
    writeFileSync(site.conf, cut);
    const run = await site.write();
    expect(run.code).toBe(1);
    expect(run.err).toMatch(/have no end .*; it is left as it is$/);
    expect(readFileSync(site.conf, "utf8")).toBe(cut);
  });

  it("writes all the rest where one definition is broken, keeps what the file says of that one, and exits 1", async () => {
    const site = await new Site().rendered();
    await site.done("upstream", "add", "one", "server 10.0.0.1:80 weight=3;");
    await site.write();
    await store.client.hset("ab:test:upstreams", { one: "nonsense", "x { } init_by_lua ": "server 10.0.0.3;", two: "server 10.0.0.2:80;" });
    const run = await site.write();
    expect(run.code).toBe(1);
    expect(run.err).toMatch(/upstream 'one' is broken in Redis \(.*\); the definition of the file stays/);
    expect(run.err).toMatch(/upstream 'x \{ \} init_by_lua ' is broken in Redis \(.*\); it is left out/);
    const text = readFileSync(site.conf, "utf8");
    expect(text).toContain("server 10.0.0.1:80 weight=3;");
    expect(text).toContain("upstream two {");
    expect(text).not.toContain("init_by_lua");
  });

  it("says what is missing: rendered files, Redis, the directory", async () => {
    const site = new Site();
    const early = await site.write();
    expect(early).toMatchObject({ code: 2, out: "" });
    expect(early.err).toContain("run dygateway render first");
    await site.rendered();
    rmSync(site.conf);
    expect((await site.write()).err).toContain("run dygateway render first");
    expect(await site.run("upstream", "write")).toMatchObject({ code: 2 });
    site.sandbox.configure({ redis: { unix_socket: "/nowhere.sock" } });
    const alone = await site.write();
    expect(alone.code).toBe(1);
    expect(alone.err).toContain("/nowhere.sock");
  });

  it("explains its exit codes", async () => {
    const { out } = await new Site().sandbox.run(["upstream", "write", "--help"]);
    expect(out).toContain("Exit codes of write: 0 the file says what Redis says; 1 not");
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});

describe("servers that are names", () => {
  const bodies = new Map([["named", "server app.example:81; server app.example:82 backup;"]]);
  const printed = async (existing: string, resolve: (host: string) => Promise<string[]>): Promise<[string, readonly string[]]> => {
    const { upstreams, problems } = await confUpstreams(bodies, existing, resolve);
    return [valueOf(composeConf(existing, upstreams, 1)), problems];
  };
  const known = (): Promise<[string, readonly string[]]> => printed("", () => Promise.resolve(["10.0.0.2", "2001:db8::1", "10.0.0.1", "10.0.0.2"]));

  it("stand there with their addresses, in one order, and their name in a comment", async () => {
    const [text, problems] = await known();
    expect(problems).toEqual([]);
    expect(text.split("\n").filter((line) => line.includes("server "))).toEqual([
      "    server 10.0.0.1:81; # app.example:81",
      "    server 10.0.0.2:81; # app.example:81",
      "    server [2001:db8::1]:81; # app.example:81",
      "    server 10.0.0.1:82 backup; # app.example:82",
      "    server 10.0.0.2:82 backup; # app.example:82",
      "    server [2001:db8::1]:82 backup; # app.example:82",
    ]);
  });

  it("keep the addresses that the file has where DNS does not answer", async () => {
    const [text] = await known();
    const nothing = (): Promise<string[]> => Promise.reject(Object.assign(new Error("queryA"), { code: "ENOTFOUND" }));
    const [again, problems] = await printed(text, nothing);
    expect(again).toBe(text);
    expect(problems).toEqual(["'app.example' could not be resolved (ENOTFOUND); it keeps 10.0.0.1, 10.0.0.2, 2001:db8::1"]);
    const [never, said] = await printed("", nothing);
    expect(never).toContain("its address is not known");
    expect(said[0]).toContain("its servers are left out");
  });
});
