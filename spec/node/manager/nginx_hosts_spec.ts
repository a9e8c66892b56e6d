import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../../src/node/nginx_hosts/finished.ts";
import { appsHost, internalHost, searchHost, TreeFolder } from "../nginx_hosts/support_tree.ts";
import { startStore, type StoreServer } from "../store_server.ts";
import { Sandbox } from "../support/sandbox.ts";
import { ManagerBench, selfSigned, vipDocument } from "./support_service.ts";

let store: StoreServer;
let bench: ManagerBench;
let tree: TreeFolder;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(async () => {
  await store.client.flushall();
  await store.client.hset("ab:test:upstreams", { stable: "server 127.0.0.1:8040 weight=2; keepalive 64;", search: "server 127.0.0.1:8041;", gone: "removed;" });
  tree = new TreeFolder();
  bench = new ManagerBench(store);
});
afterAll(() => store.stop());

const config = (hostname: string, headers: Record<string, string> = {}, query = "") =>
  bench.ask("viewer", "GET", `/nginx/hosts/${hostname}/config${query}`, { headers });
const start = () => bench.start({ nginx_hosts: { folder: tree.folder } });

describe("the configuration of a machine", () => {
  it("is JSON with a digest that a client can compute again", async () => {
    await start();
    const reply = await config(appsHost);
    expect([reply.status, reply.headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    const { hostname, digest, revision, files } = reply.json;
    expect(hostname).toBe(appsHost);
    expect(revision).toMatchObject({ tree: expect.stringMatching(/^sha256:/) as string, upstreams: 0 });
    expect(digest).toBe(digestOf(Object.entries(files).map(([path, text]) => ({ path, text }))));
    expect(reply.headers.etag).toBe(`"${digest}"`);
    expect(files["upstream.conf"]).toBe(
      "# The upstreams of dygateway.\nupstream search {\n    server 127.0.0.1:8041;\n    keepalive 64;\n}\nupstream stable {\n    server 127.0.0.1:8040 weight=2;\n    keepalive 64;\n}\n",
    );
  });

  it("is 304 for who has it, until the tree, the upstreams or the clusters change", async () => {
    await start();
    tree.write("common/files/vips.conf.hbs", "{{#each host.vips}}# {{this}}\n{{/each}}");
    let etag = (await config(appsHost)).headers.etag ?? "";
    const isNew = async (): Promise<boolean> => {
      const reply = await config(appsHost, { "If-None-Match": `"other", ${etag}` });
      expect([200, 304]).toContain(reply.status);
      expect([reply.status === 304, reply.bytes.length === 0]).toEqual([reply.status === 304, reply.status === 304]);
      etag = reply.headers.etag ?? "";
      return reply.status === 200;
    };
    expect(await isNew()).toBe(false);
    tree.write("idcs/hy01/layer.yaml", "values: { resolvers: [10.0.0.54] }\n");
    expect([await isNew(), await isNew()]).toEqual([true, false]);
    await store.client.hset("ab:test:upstreams", "stable", "server 127.0.0.1:8042;");
    expect([await isNew(), await isNew()]).toEqual([true, false]);
    await bench.cluster(1, { vip2ws: [{ ...vipDocument(1, 1), wss: [appsHost] }] });
    expect([await isNew(), await isNew()]).toEqual([true, false]);
  });

  it("is a tar.gz for who asks for one, the same bytes each time, with a tag of its own", async () => {
    await start();
    const long = `conf.d/${"a".repeat(90)}/${"b".repeat(60)}.conf`;
    tree.write(`common/files/${long}`, "# 长\n");
    const json = await config(appsHost);
    const tar = await config(appsHost, { Accept: "application/gzip" });
    expect(tar.headers).toMatchObject({ "content-type": "application/gzip", "content-disposition": `attachment; filename="${appsHost}.tar.gz"`, vary: "Accept, Authorization" });
    expect(tar.headers.etag).not.toBe(json.headers.etag);
    const again = await config(appsHost, {}, "?format=tar.gz");
    expect(createHash("sha256").update(again.bytes).digest("hex")).toBe(createHash("sha256").update(tar.bytes).digest("hex"));
    expect((await config(appsHost, { "If-None-Match": tar.headers.etag ?? "", Accept: "application/gzip" })).status).toBe(304);
    expect((await config(appsHost, { "If-None-Match": tar.headers.etag ?? "" })).status).toBe(200);

    const folder = join(bench.folder, "out");
    mkdirSync(folder);
    execFileSync("tar", ["-xzf", "-", "-C", folder], { input: tar.bytes });
    for (const [path, text] of Object.entries(json.json.files)) expect([path, readFileSync(join(folder, path), "utf8")]).toEqual([path, text]);
    expect(readFileSync(join(folder, long), "utf8")).toBe("# 长\n");
  });

  it("is not handed out while the tree is broken for it; other machines have theirs", async () => {
    await start();
    tree.write("products/apps/files/conf.d/broken.conf.hbs", "server {\n    lissten 80;\n}\n");
    const broken = await config(appsHost);
    expect(broken.status).toBe(409);
    expect(broken.json.problems).toEqual([{ path: "conf.d/broken.conf:2", text: expect.stringMatching(/unknown directive "lissten"/) as string }]);
    expect((await config(searchHost)).status).toBe(200);
    tree.remove("products/apps/files");
    expect((await config(appsHost)).status).toBe(200);
  });

  it("is not there for a machine that is not in the tree, nor without a tree, nor without Redis", async () => {
    await bench.start();
    expect((await config(appsHost)).json.detail).toContain("manager.nginx_hosts is not set");
    await bench.stop();
    await start();
    expect((await config("nobody.hy01")).status).toBe(404);
    expect((await config(appsHost.toUpperCase())).status).toBe(200);
    await bench.stop();
    const away = await startStore();
    const other = await new ManagerBench(away).start({ nginx_hosts: { folder: tree.folder } });
    await away.stop();
    expect((await other.ask("viewer", "GET", `/nginx/hosts/${appsHost}/config`)).status).toBe(503);
  });

  it("is tested once, however many ask at the same time, and never more than two at once", async () => {
    const log = join(bench.folder, "tests");
    const nginx = join(bench.folder, "bin", "nginx");
    writeFileSync(nginx, `#!/bin/sh\necho start >>${log}\nsleep 0.2\necho end >>${log}\nexec nginx "$@"\n`);
    chmodSync(nginx, 0o755);
    await bench.start({ nginx_hosts: { folder: tree.folder, nginx } });
    const hosts = [appsHost, searchHost, internalHost];
    const replies = await Promise.all(Array.from({ length: 30 }, (_, i) => config(hosts[i % 3] ?? "")));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines.filter((line) => line === "start")).toHaveLength(3);
    let running = 0;
    for (const line of lines) {
      running += line === "start" ? 1 : -1;
      expect(running).toBeLessThanOrEqual(2);
    }
  });
});

describe("the list of machines", () => {
  const names = async (query: string): Promise<string[]> => {
    const reply = await bench.ask("viewer", "GET", `/nginx/hosts${query}`);
    expect(reply.status).toBe(200);
    return reply.json.hosts.map(({ hostname }) => hostname);
  };

  it("answers which machines have a wstype, product, datacentre, cluster or VIP", async () => {
    await start();
    await bench.cluster(1, {
      vip2ws: [
        { ...vipDocument(1, 1), wss: [appsHost, "new.hy01"] },
        { ...vipDocument(1, 2), wstype: "search", wss: [searchHost.toUpperCase()] },
      ],
    });
    await bench.cluster(2, { vip2ws: [{ ...vipDocument(2, 1), wss: [appsHost] }] });
    expect(await names("")).toEqual([appsHost, internalHost, "new.hy01", searchHost]);
    expect(await names("?wstype=apps")).toEqual([appsHost, "new.hy01"]);
    expect(await names("?wstype=search")).toEqual([searchHost]);
    expect(await names("?wstype=apps&product=apps")).toEqual([appsHost]);
    expect(await names("?idc=yf")).toEqual([internalHost]);
    expect(await names("?type=internal")).toEqual([internalHost]);
    expect(await names("?cluster=cluster2")).toEqual([appsHost]);
    expect(await names("?vip=10.3.1.2")).toEqual([searchHost]);
    expect(await names("?vip=10.3.1.2&wstype=apps")).toEqual([]);
    const { hosts } = (await bench.ask("viewer", "GET", "/nginx/hosts?wstype=apps")).json;
    expect(hosts[0]).toEqual({
      hostname: appsHost,
      product: "apps",
      type: "extra",
      idc: "hy01",
      serves: [{ cluster: "cluster1", vip: "10.3.1.1", wstype: "apps" }, { cluster: "cluster2", vip: "10.3.2.1", wstype: "apps" }],
    });
    expect(hosts[1]).toMatchObject({ hostname: "new.hy01", product: null });
  });

  it("follows a change at once, and knows the clusters' machines without a tree", async () => {
    await bench.start();
    await bench.cluster(1, { vip2ws: [{ ...vipDocument(1, 1), wss: ["a.hy01"] }] });
    expect(await names("?wstype=apps")).toEqual(["a.hy01"]);
    await bench.ask("operator", "POST", "/clusters/cluster1/vips/10.3.1.1/wss", { body: { wss: ["b.hy01"] } });
    expect(await names("?wstype=apps")).toEqual(["a.hy01", "b.hy01"]);
    await bench.ask("operator", "PUT", "/clusters/cluster1/vips/10.3.1.1/wstype", { body: { wstype: "search" } });
    expect(await names("?wstype=apps")).toEqual([]);
  });
});

describe("nginx pull", () => {
  it("brings a machine's configuration from the service to its disk, and a broken tree no further", async () => {
    const sandbox = new Sandbox();
    tree.write("tree.yaml", readFileSync(join(tree.folder, "tree.yaml"), "utf8").replace(/(logs|run): .*/g, `$1: ${sandbox.folder}`));
    await start();
    writeFileSync(sandbox.path("token"), bench.tokens.viewer);
    const target = sandbox.path("dygw");
    const run = () =>
      sandbox.run(["nginx", "pull", "--server", `http://127.0.0.1:${bench.port}`, "--token-file", sandbox.path("token"), "--hostname", internalHost, "--root", target]);
    const first = await run();
    expect([first.code, first.err]).toEqual([1, ""]);
    expect(readdirSync(join(target, "current")).sort()).toEqual(["conf.d", "mime.types", "nginx.conf", "upstream.conf"]);
    expect((await run()).out).toMatch(/^unchanged/);
    tree.write("common/files/conf.d/broken.conf.hbs", "lissten 80;\n");
    const broken = await run();
    expect([broken.code, broken.err]).toEqual([2, expect.stringMatching(/answers 409: the tree is not usable.*\n {2}conf\.d\/broken\.conf:1: .*unknown directive "lissten"/)]);
    expect(existsInTree(target)).toBe(false);
  });

  it("comes over TLS, and trusts only the authority it was given", async () => {
    const sandbox = new Sandbox();
    tree.write("tree.yaml", readFileSync(join(tree.folder, "tree.yaml"), "utf8").replace(/(logs|run): .*/g, `$1: ${sandbox.folder}`));
    const tls = selfSigned(bench.folder);
    await bench.start({ nginx_hosts: { folder: tree.folder }, tls });
    writeFileSync(sandbox.path("token"), bench.tokens.viewer);
    const run = (...options: string[]) =>
      sandbox.run(["nginx", "pull", "--server", `https://127.0.0.1:${bench.port}`, "--token-file", sandbox.path("token"), "--hostname", internalHost, "--root", sandbox.path("dygw"), ...options]);
    const distrusted = await run();
    expect([distrusted.code, distrusted.err]).toEqual([2, expect.stringMatching(/self-signed certificate/)]);
    expect(await run("--ca", tls.certificate)).toMatchObject({ code: 1, err: "" });
  });

  const existsInTree = (target: string): boolean => readdirSync(join(target, "current", "conf.d")).includes("broken.conf");
});
