import { chmodSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { documentText } from "../../../src/node/lvs/inventory/index.ts";
import type { Run } from "../support/sandbox.ts";
import { StoreCli } from "../cli_store.ts";
import { startStore, type StoreServer } from "../store_server.ts";
import { innerDocument, type Loose } from "./inventory_documents.ts";
import { referenceText } from "./reference_cluster.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

/** What was said, without line breaks. */
const unwrapped = ({ err }: Run): string => err.replaceAll(/\n +/g, " ");

/** Runs `dygateway lvs …` on a store that has the inner cluster. */
class LvsCli extends StoreCli {
  lvs(...argv: string[]): Promise<Run> {
    return this.run("lvs", ...argv);
  }

  /** A command that must succeed; what it printed, warnings left out. */
  async out(...argv: string[]): Promise<string> {
    const run = await this.lvs(...argv);
    if (run.code !== 0) throw new Error(`${argv.join(" ")}: ${run.code} ${run.err}`);
    return run.out;
  }
}

async function withCluster(config: object = {}): Promise<LvsCli> {
  const cli = new LvsCli(store, config);
  await cli.out("wstype", "register", "apps", "search");
  await cli.out("cluster", "create", cli.file(JSON.stringify(innerDocument())));
  return cli;
}

const commands = [
  "",
  ...["", "list", "show", "create", "edit", "delete", "import", "export", "validate", "versions", "revert"].map((name) => `cluster ${name}`),
  ...["", "add", "delete", "wstype"].map((name) => `vip ${name}`),
  ...["", "add", "delete"].flatMap((name) => [`lb ${name}`, `ws ${name}`]),
  ...["", "add", "modify", "delete"].map((name) => `port ${name}`),
  ...["", "list", "register"].map((name) => `wstype ${name}`),
];

describe("dygateway lvs", () => {
  it.each(commands)("%s --help has examples, in 80 columns", async (command) => {
    const run = await new LvsCli(store).lvs(...command.split(" ").filter((word) => word !== ""), "--help");
    expect(run).toMatchObject({ code: 0, err: "" });
    expect(run.out).toMatch(/Examples:\n {2}dygateway lvs /);
    expect(run.out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("takes a cluster from the reference's example to one that is deleted and brought back", async () => {
    const cli = new LvsCli(store);
    const file = cli.file(referenceText);
    const name = "hy-outer-global-proxy-test";
    expect(await cli.lvs("cluster", "create", file)).toMatchObject({ code: 1, out: "", err: expect.stringContaining("vip2ws[0].wstype: the wstype apps is not registered") });
    expect(await cli.out("cluster", "import", "--register-wstypes", file)).toContain(`cluster ${name}: version 1`);
    expect(await cli.out("vip", "add", name, "60.28.208.3", "60.28.208.4", "60.28.208.5", "--wstype", "apps", "--ws", "a.hy01,b.hy01=3", "--port", "80,443:8443")).toContain(
      "VIPs added: 60.28.208.3, 60.28.208.4, 60.28.208.5",
    );
    expect(await cli.out("vip", "delete", name, "60.28.208.3", "60.28.208.4")).toContain("VIPs removed: 60.28.208.3, 60.28.208.4");
    expect(await cli.out("vip", "wstype", name, "60.28.208.5", "search")).toContain("VIP changed: 60.28.208.5");
    expect(await cli.out("ws", "add", name, "60.28.208.5", "c.hy01", "d.hy01=2")).toContain("real servers added: 60.28.208.5 c.hy01, 60.28.208.5 d.hy01");
    expect(await cli.out("ws", "delete", name, "60.28.208.5", "a.hy01", "c.hy01")).toContain("real servers removed");
    expect(await cli.out("port", "add", name, "60.28.208.5", "8080", "8081:81", "--synproxy", "1")).toContain("ports added: 60.28.208.5:8080, 60.28.208.5:8081");
    expect(await cli.out("port", "modify", name, "60.28.208.5", "8080", "--check", "http", "--check-path", "/ok", "--dport", "90")).toContain("port changed");
    expect(await cli.out("port", "delete", name, "60.28.208.5", "8080", "8081")).toContain("ports removed: 60.28.208.5:8080, 60.28.208.5:8081");
    expect(await cli.out("cluster", "edit", name, "--set", "scheduler=wlc", "--set", "ospf.cost=20", "--set", "ospf.key_from={env: OSPF_KEY}".replace("OSPF_KEY", "'OSPF_KEY'"))).toContain("changed: scheduler, ospf");
    expect(await cli.lvs("cluster", "delete", name)).toMatchObject({ code: 1, err: expect.stringContaining("--allow-removal") });
    expect(await cli.out("cluster", "delete", name, "--allow-removal")).toContain("deleted");
    expect(await cli.lvs("cluster", "show", name)).toMatchObject({ code: 1, out: "", err: expect.stringContaining("there is no cluster") });
    expect(await cli.out("cluster", "revert", name, "1")).toContain("version 12 ");
    expect(await cli.out("cluster", "versions", name)).toMatch(/^version {2}time \(UTC\) +who +what\n12 /);
  });

  it("shows clusters in tables of 80 columns, and as JSON", async () => {
    const cli = await withCluster();
    await store.client.hset("cluster:other", { name: "other\u001b[31m", type: "x" });
    expect(await cli.out("cluster", "list")).toBe(
      [
        "name      version  type      dialect   lbs  vips  state",
        "hy-inner  1        internal  mainline  2    3     ok",
        "other     1*       ?         ?         ?    ?     7 problems",
        "* written by another tool since",
      ].join("\n"),
    );
    const shown = await cli.out("cluster", "show", "hy-inner");
    expect(shown).toContain("10.9.0.1  apps    80    no        -        tcp    nginx1.hy01 nginx2.hy01=3");
    expect(shown).toContain("key from OSPF_KEY");
    expect(shown.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const data: Loose = JSON.parse(await cli.out("cluster", "show", "hy-inner", "--json"));
    expect(data).toMatchObject({ name: "hy-inner", version: 1, foreign: false, problems: [], cluster: { device: "bond0" } });
    const broken = await cli.lvs("cluster", "show", "other");
    expect(broken.out).toContain("cluster other, version 1 (written by another tool): 7 problems");
    expect(broken.out).not.toContain("\u001b");
  });

  it("exports what it imports, byte for byte, one and all", async () => {
    const cli = await withCluster();
    const text = documentText(innerDocument());
    expect(await cli.out("cluster", "export", "hy-inner")).toBe(text);
    const all = await cli.out("cluster", "export", "--all");
    expect(JSON.parse(all)).toEqual([JSON.parse(text)]);
    await store.client.flushall();
    await cli.out("cluster", "import", "--register-wstypes", cli.file(all));
    expect(await cli.out("cluster", "export", "hy-inner")).toBe(text);
  });

  it("tells the second of two operators, whichever way they change the cluster", async () => {
    const cli = await withCluster();
    const file = cli.file(documentText(innerDocument()));
    await cli.out("ws", "add", "hy-inner", "10.9.0.1", "new.hy01");
    const stale = { code: 1, out: "", err: expect.stringContaining("cluster hy-inner is at version 2 (ann,") };
    expect(await cli.lvs("vip", "delete", "hy-inner", "10.9.0.1", "--expect", "1")).toMatchObject(stale);
    expect(await cli.lvs("cluster", "edit", "hy-inner", "--file", file, "--expect", "1")).toMatchObject(stale);
    expect(await cli.lvs("cluster", "import", file, "--expect", "1")).toMatchObject(stale);
    expect(await cli.lvs("cluster", "import", file)).toMatchObject({ code: 1, err: expect.stringContaining("--expect 2") });
    expect(await cli.out("cluster", "edit", "hy-inner", "--file", file, "--expect", "2")).toContain("real server removed: 10.9.0.1 new.hy01");
  });

  it("refuses with exit code 1 and all problems, as JSON too", async () => {
    const cli = await withCluster();
    const run = await cli.lvs("vip", "add", "hy-inner", "10.8.0.1", "--wstype", "aps", "--ws", "bad name", "--port", "80:81", "--json");
    expect(run.code).toBe(1);
    const { error }: Loose = JSON.parse(run.out);
    expect(error).toMatchObject({ kind: "invalid" });
    expect((error as { problems: { rule: string; path: string }[] }).problems.map(({ rule, path }) => `${rule} ${path}`)).toEqual([
      "shapeWrong vip2ws[3].wss[0]",
      "vipOutside vip2ws[3].vip",
      "wstypeUnknown vip2ws[3].wstype",
      "portNotTranslated vip2ws[3].ports[0].dport",
    ]);
    expect(await cli.lvs("lb", "add", "hy-inner")).toMatchObject({ code: 2, err: expect.stringContaining("--hostname") });
    expect(await cli.lvs("port", "modify", "hy-inner", "10.9.0.1", "80")).toMatchObject({ code: 2 });
    expect(await cli.lvs("port", "add", "hy-inner", "10.9.0.1", "81", "--check-path", "/")).toMatchObject({ code: 2, err: expect.stringContaining("needs --check") });
    expect(await cli.lvs("cluster", "revert", "hy-inner", "one")).toMatchObject({ code: 2 });
  });

  it("adds load balancers by options and from a file, and deletes them", async () => {
    const cli = await withCluster();
    const fields = (host: number): string[] =>
      Object.entries({ hostname: `lb${host}`, routerid: `10.1.0.${host}`, internalip: `10.1.0.${host}`, internalnetmask: "255.255.255.0", internalgateway: "10.1.0.254", ospfnet: "10.1.0.0/24" })
        .flatMap(([field, text]) => [`--${field}`, text]);
    expect(await cli.out("lb", "add", "hy-inner", ...fields(3))).toContain("load balancer added: lb3");
    const four = innerDocument().lbinfos.slice(0, 1).map((lb) => ({ ...lb, hostname: "lb4", routerid: "10.1.0.4", internalip: "10.1.0.4" }));
    expect(await cli.out("lb", "add", "hy-inner", cli.file(JSON.stringify(four)))).toContain("load balancer added: lb4");
    expect(await cli.lvs("lb", "delete", "hy-inner", "lb3", "lb4")).toMatchObject({ code: 1, err: expect.stringContaining("removes 2 load balancers (more than 1)") });
    expect(await cli.out("lb", "delete", "hy-inner", "lb3", "lb4", "--allow-removal")).toContain("load balancers removed: lb3, lb4");
  });

  it("counts versions and removals as the configuration says", async () => {
    const cli = await withCluster({ lvs: { versions: 2, most_removed: { vips: 0, lbs: 0, real_servers: 0 } } });
    expect(await cli.lvs("vip", "delete", "hy-inner", "10.9.0.1")).toMatchObject({ code: 1, err: expect.stringContaining("removes 1 VIP (more than 0)") });
    for (const cost of [1, 2, 3]) await cli.out("cluster", "edit", "hy-inner", "--set", `ospf.cost=${cost}`);
    expect((await cli.out("cluster", "versions", "hy-inner")).split("\n").map((line) => line.split(" ")[0])).toEqual(["version", "4", "3"]);
  });
});

describe("dygateway lvs cluster edit, by hand", () => {
  const editor = (cli: LvsCli, script: string): string => {
    const file = cli.sandbox.path("editor");
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const edit = (cli: LvsCli, script: string): Promise<Run> =>
    cli.sandbox.run(["lvs", "cluster", "edit", "hy-inner", "-c", cli.sandbox.path("dygateway.yaml")], { USER: "ann", EDITOR: editor(cli, script), TMPDIR: cli.sandbox.folder });

  it("stores what was edited", async () => {
    const cli = await withCluster();
    expect(await edit(cli, 'sed -i s/bond0/bond1/ "$1"')).toMatchObject({ code: 0, out: expect.stringContaining("changed: device") });
    expect(await edit(cli, "true")).toMatchObject({ code: 0, out: "you changed nothing" });
  });

  it("keeps the text of an edit that is refused, and says where", async () => {
    const cli = await withCluster();
    const run = await edit(cli, 'sed -i s/bond0/b!nd0/ "$1"');
    expect(run.code).toBe(1);
    expect(unwrapped(run)).toMatch(/device: "b!nd0" is not a network device[^]*your text is in \/.*cluster\.json$/);
    expect(await edit(cli, "exit 3")).toMatchObject({ code: 2, err: expect.stringContaining("ended with 3; nothing was changed") });
  });

  it("tells of a change that was made in the meantime", async () => {
    const cli = await withCluster();
    const other = `redis-cli -s ${store.settings.unixSocket} hset cluster:hy-inner device '"em7"' >/dev/null; sed -i s/bond0/bond1/ "$1"`;
    const run = await edit(cli, other);
    expect(run.code).toBe(1);
    expect(unwrapped(run)).toContain("is at version 2 (written by another tool), not at the expected 1");
  });
});

describe("dygateway lvs cluster validate", () => {
  it("needs no store for files, and says where they are wrong", async () => {
    const cli = new LvsCli(store);
    const good = cli.file(referenceText);
    const offline = await cli.sandbox.run(["lvs", "cluster", "validate", good]);
    expect(offline).toMatchObject({ code: 0, out: "cluster hy-outer-global-proxy-test is valid", err: expect.stringContaining("OSPF is spoken without") });
    const bad = cli.file(referenceText.replace("10.0.19.225", "10.0.19.999"));
    expect(await cli.sandbox.run(["lvs", "cluster", "validate", bad])).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/input\.json:49:19: lbinfos\[0\]\.internalgateway:\s+"10\.0\.19\.999" is not/) });
  });

  it("reads the md5 key where it can, and never shows it", async () => {
    const cli = await withCluster();
    const validate = (key: string): Promise<Run> => cli.sandbox.run(["lvs", "cluster", "validate", "-c", cli.sandbox.path("dygateway.yaml")], { OSPF_KEY: key });
    expect(await validate("")).toMatchObject({ code: 0, err: expect.stringContaining("OSPF_KEY is not set or empty") });
    expect(await validate("sixteen-letters-")).toEqual({ code: 0, out: "1 stored cluster is valid", err: "" });
    const long = await validate("seventeen-letters");
    expect(long).toMatchObject({ code: 1, out: expect.stringContaining("has 17 characters, 1 to 16 are possible") });
    const blank = await validate("with a blank");
    expect(blank).toMatchObject({ code: 1, out: expect.stringContaining("printable ASCII") });
    expect(JSON.stringify([long, blank])).not.toMatch(/seventeen|with a blank/);
  });

  it("holds files against the store where it is asked to", async () => {
    const cli = await withCluster();
    const file = cli.file(JSON.stringify({ ...innerDocument(), name: "second" }));
    expect(await cli.lvs("cluster", "validate", file)).toMatchObject({ code: 0 });
    expect(await cli.lvs("cluster", "validate", file, "--stored")).toMatchObject({ code: 1, err: expect.stringContaining("cluster hy-inner") });
    expect(await cli.lvs("cluster", "validate", cli.file(JSON.stringify(innerDocument())), "--stored")).toMatchObject({ code: 0 });
  });
});
