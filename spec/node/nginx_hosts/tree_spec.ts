import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listHosts } from "../../../src/node/nginx_hosts/host_list.ts";
import { treeProblemLine } from "../../../src/node/nginx_hosts/problems.ts";
import { folderSource } from "../../../src/node/nginx_hosts/tree/folder_source.ts";
import { gitSource } from "../../../src/node/nginx_hosts/tree/git_source.ts";
import { appsHost, internalHost, rendered, searchHost, smallTree, TreeFolder, upstreamsOf } from "./support_tree.ts";

const shadow = "root:x:0:0";

describe("the example tree", () => {
  it("gives each machine what its product, side, datacentre and host say, tested by nginx", async () => {
    const tree = new TreeFolder();
    const apps = await tree.files(appsHost);
    expect(Object.keys(apps)).toEqual(["conf.d/sites.conf", "mime.types", "nginx.conf", "upstream.conf"]);
    expect(apps["nginx.conf"]).toContain("client_max_body_size 64m;");
    expect(apps["nginx.conf"]).toContain("resolver 10.0.0.53 10.0.1.53;");
    expect(apps["conf.d/sites.conf"]).toContain("listen 443 ssl;");
    expect(apps["conf.d/sites.conf"]).toContain("ssl_certificate /etc/nginx/certificates/apps.crt;");
    expect(apps["upstream.conf"]).toContain("upstream stable {\n    server 127.0.0.1:8040 weight=2;\n    keepalive 64;\n}");

    const internal = await tree.files(internalHost);
    expect(internal["nginx.conf"]).toContain("worker_processes 4;");
    expect(internal["nginx.conf"]).toContain("set_real_ip_from 10.0.0.0/8;");
    expect(internal["conf.d/sites.conf"]).toContain("proxy_read_timeout 30s;");
    expect(Object.keys(await tree.files(searchHost))).toContain("conf.d/status.conf");
  });

  it("gives the same digest for the same tree, and another for another", async () => {
    const digest = async (tree: TreeFolder): Promise<string> => {
      const answer = await tree.answer(appsHost);
      return answer.kind === "finished" ? answer.finished.digest : "";
    };
    const one = await digest(new TreeFolder());
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest(new TreeFolder())).toBe(one);
    expect(await digest(new TreeFolder().write("idcs/hy01/layer.yaml", "values: { resolvers: [10.0.0.54] }\n"))).not.toBe(one);
  });
});

describe("layers", () => {
  const declared = "v: { type: text, default: default }";
  const layers = ["common", "idcs/hy01", "products/apps", "products/apps/extra", "products/apps/extra/hy01"];

  it("override each other from the general to the particular, values and files alike", async () => {
    const tree = smallTree("# {{v}}\ninclude extra.conf;", declared);
    tree.write("common/files/extra.conf", "# common\n");
    expect(await rendered(tree)).toBe("# default\ninclude extra.conf;");
    for (const layer of layers) {
      tree.write(`${layer}/layer.yaml`, `values: { v: ${layer.replaceAll("/", "-")} }\n`).write(`${layer}/files/extra.conf`, `# ${layer}\n`);
      expect(await rendered(tree)).toBe(`# ${layer.replaceAll("/", "-")}\ninclude extra.conf;`);
      expect((await tree.files("h1"))["extra.conf"]).toBe(`# ${layer}\n`);
    }
    tree.write("hosts/h1/host.yaml", "product: apps\ntype: extra\nidc: hy01\nvalues: { v: host }\n").write("hosts/h1/files/extra.conf.hbs", "# {{v}}\n");
    expect((await tree.files("h1"))["extra.conf"]).toBe("# host\n");
  });

  it("of other products, sides and datacentres say nothing to a host", async () => {
    const tree = smallTree("# {{v}}", declared);
    for (const layer of ["idcs/yf", "products/search", "products/apps/internal", "products/apps/internal/hy01", "products/apps/extra/yf", "hosts/h2"]) {
      const file = layer === "hosts/h2" ? "host.yaml" : "layer.yaml";
      tree.write(`${layer}/${file}`, `${layer === "hosts/h2" ? "product: apps\ntype: extra\nidc: yf\n" : ""}values: { v: wrong }\n`);
    }
    expect(await rendered(tree)).toBe("# default");
  });

  it("leave out files of earlier ones, but none that are not there", async () => {
    const tree = smallTree("# x", declared).write("common/files/a.conf", "# a\n");
    tree.write("products/apps/layer.yaml", "without: [a.conf]\n");
    expect(Object.keys(await tree.files("h1"))).toEqual(["nginx.conf"]);
    tree.write("products/apps/layer.yaml", "without: [a.conf, b.conf]\n");
    expect(await tree.problems("h1")).toEqual(["products/apps/layer.yaml: without: no layer before this one has a file b.conf"]);
  });

  it("know of the VIPs that their host stands behind", async () => {
    const tree = smallTree("{{#each host.vips}}# {{this}}\n{{/each}}# {{words host.wstypes}} {{words host.clusters}}", declared);
    const servings = [
      { cluster: "c2", vip: "10.0.0.2", wstype: "apps" },
      { cluster: "c1", vip: "10.0.0.1", wstype: "apps" },
    ];
    expect(await rendered(tree, { servings })).toBe("# 10.0.0.1\n# 10.0.0.2\n# apps c1 c2");
  });
});

describe("a tree is refused", () => {
  it.each<[string, (tree: TreeFolder) => unknown, RegExp]>([
    ["a value nobody declared", (t) => t.write("idcs/hy01/layer.yaml", "values: { w: 1 }\n"), /^idcs\/hy01\/layer\.yaml: values\.w: is not declared in tree\.yaml$/],
    ["a value of another type", (t) => t.write("idcs/hy01/layer.yaml", "values:\n  v: [1]\n"), /^idcs\/hy01\/layer\.yaml:2: values\.v: expected text, found a list/],
    ["a value that is overridden, too", (t) => t.write("common/layer.yaml", "values: { v: 5 }\n").write("idcs/hy01/layer.yaml", "values: { v: x }\n"), /^common\/layer\.yaml:1: values\.v: /],
    ["a value nobody set", (t) => t.write("common/layer.yaml", ""), /^values\.v: is not set by any layer of this host/],
    ["an unknown key", (t) => t.write("common/layer.yaml", "valeus: {}\n"), /^common\/layer\.yaml:1: valeus: unknown key/],
    ["an unknown type", (t) => t.write("tree.yaml", "version: 1\nvalues:\n  v: { type: shell }\n"), /^tree\.yaml:3: values\.v\.type: is none of those/],
    ["a value with a helper's name", (t) => t.write("tree.yaml", "version: 1\nvalues:\n  upstream: { type: text }\n"), /templates have something else of this name/],
    ["a default that is not right", (t) => t.write("common/layer.yaml", "").write("tree.yaml", "version: 1\nvalues:\n  v: { type: number, default: x }\n"), /^tree\.yaml: values\.v\.default: /],
    ["no tree.yaml", (t) => t.remove("tree.yaml"), /^tree\.yaml: is not there/],
    ["no nginx.conf", (t) => t.remove("common/files/nginx.conf.hbs"), /no layer of this host has files\/nginx\.conf/],
    ["a file without a place", (t) => t.write("common/secret.txt", shadow), /^common\/secret\.txt: has no place in the layout/],
    ["a folder without a place", (t) => t.write("datacentres/hy01/layer.yaml", ""), /^datacentres\/hy01\/layer\.yaml: has no place/],
    ["a layer of a side that is none", (t) => t.write("products/apps/outer/layer.yaml", ""), /^products\/apps\/outer\/layer\.yaml: has no place/],
    ["a hidden file among the files", (t) => t.write("common/files/.htaccess", ""), /^common\/files\/\.htaccess: has a name that is not possible/],
    ["a path that no archive has room for", (t) => t.write(`common/files/${"a".repeat(60)}/${"b".repeat(99)}/${"c".repeat(40)}.conf`, ""), /has a name that is not possible/],
    ["a name with blanks", (t) => t.write("common/files/a b.conf", ""), /has a name that is not possible/],
    ["what is no text", (t) => t.write("common/files/logo.png", Buffer.from([0xff, 0xfe, 0])), /^common\/files\/logo\.png: is not UTF-8 text/],
    ["a file of two megabytes", (t) => t.write("common/files/big.conf", Buffer.alloc(2 * 1024 * 1024, "#")), /^common\/files\/big\.conf: is larger than/],
    ["a link out of it", (t) => symlinkSync("/etc/passwd", join(t.folder, "common/files/passwd.conf")), /^common\/files\/passwd\.conf: is neither a file nor a folder/],
    ["a link as a folder", (t) => symlinkSync("/etc", join(t.folder, "common/files/etc")), /^common\/files\/etc: is neither a file nor a folder/],
    ["YAML that is none", (t) => t.write("common/layer.yaml", "values: {\n"), /^common\/layer\.yaml:.*not YAML/],
    ["a host in no datacentre", (t) => t.write("hosts/h1/host.yaml", "product: apps\ntype: extra\n"), /^hosts\/h1\/host\.yaml:\d: idc: is missing/],
    ["a product that is a path", (t) => t.write("hosts/h1/host.yaml", "product: ../../etc\ntype: extra\nidc: hy01\n"), /^hosts\/h1\/host\.yaml:1: product: /],
    ["a datacentre with a layer's words", (t) => t.write("hosts/h1/host.yaml", "product: apps\ntype: extra\nidc: files\n"), /"files" is the name of a part of a layer/],
  ])("for %s, with the place", async (_, change, words) => {
    const tree = smallTree("# {{v}}", "v: { type: text }", "v: x");
    change(tree);
    const problems = await tree.problems("h1");
    expect(problems).toEqual([expect.stringMatching(words)]);
    expect(problems.join()).not.toContain(shadow);
  });

  it("for everything at once", async () => {
    const tree = smallTree("root {{v}};\n{{{v}}}", "v: { type: text }\nw: { type: number }", "v: 7\nw: x");
    expect(await tree.problems("h1")).toHaveLength(2);
    tree.write("common/layer.yaml", "values: { v: x, w: 7 }\n").write("common/files/a.conf.hbs", "{{nobody}}");
    expect(await tree.problems("h1")).toHaveLength(2);
  });

  it("by nginx, which names file and line, and shows what stands there", async () => {
    const tree = new TreeFolder().write("products/apps/files/conf.d/broken.conf.hbs", "server {\n    lissten 80;\n}\n");
    expect(await tree.problems(appsHost)).toEqual([
      'conf.d/broken.conf:2: [emerg] unknown directive "lissten" (there: lissten 80;)',
    ]);
    expect((await tree.answer(searchHost)).kind).toBe("finished");
  });

  it("where an upstream is asked for that is broken in Redis, with the reason", async () => {
    const tree = smallTree('{{upstream "stable"}}', "v: { type: text }", "v: x");
    const upstreams = upstreamsOf({ stable: "server 10.0.0.1; } evil {" });
    expect(await tree.problems("h1", { upstreams })).toEqual([
      expect.stringMatching(/there is no upstream "stable" in Redis/),
      expect.stringMatching(/^the upstream "stable" in Redis cannot be printed: .*statement 2/),
    ]);
  });

  it("where there is no nginx to test it, and nothing is left in the folder for temporary files", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("dygateway-host-"));
    const tree = smallTree("# {{v}}", "v: { type: text }", "v: x");
    expect(await tree.problems("h1", { nginx: "/nowhere/nginx" })).toEqual([expect.stringMatching(/^\/nowhere\/nginx -t cannot be run/)]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("dygateway-host-") && !before.includes(name))).toEqual([]);
  });

  it("only for the host whose host.yaml it is", async () => {
    const tree = smallTree("# {{v}}", "v: { type: text }", "v: x").write("hosts/h2/host.yaml", "product: [\n");
    expect(await rendered(tree)).toBe("# x");
    expect((await tree.problems("h2"))[0]).toMatch(/^hosts\/h2\/host\.yaml:/);
    expect((await tree.answer("h3")).kind).toBe("unknown");
    expect((await tree.answer("../h1")).kind).toBe("unknown");
  });
});

describe("a tree in git", () => {
  function repository(): { readonly folder: string; readonly git: (...words: string[]) => string; readonly tree: TreeFolder } {
    const tree = new TreeFolder();
    const settings = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "init.defaultBranch=main"];
    const git = (...words: string[]): string => execFileSync("git", [...settings, "-C", tree.folder, ...words], { encoding: "utf8" }).trim();
    git("init", "-q");
    git("add", ".");
    git("commit", "-q", "-m", "tree");
    return { folder: tree.folder, git, tree };
  }

  it("is read as it was committed, whatever is going on in the working copy", async () => {
    const { folder, git, tree } = repository();
    const source = gitSource(folder, "main");
    const read = await source.read();
    expect(read.ok && read.value.revision).toBe(git("rev-parse", "main"));
    expect(read.ok && [...read.value.files.keys()].sort()).toEqual(await plainFiles(folder));
    tree.write("tree.yaml", "half a fi");
    const again = await source.read();
    expect(again).toEqual(read);
    git("commit", "-q", "-a", "-m", "broken");
    const next = await source.read();
    expect(next.ok && next.value.files.get("tree.yaml")).toBe("half a fi");
  });

  async function plainFiles(folder: string): Promise<string[]> {
    const read = await folderSource(folder).read();
    return read.ok ? [...read.value.files.keys()].sort() : [];
  }

  it("may be a bare repository; links in it are refused, and so is a branch that is not there", async () => {
    const { folder, git, tree } = repository();
    const bare = join(folder, ".bare.git");
    git("clone", "-q", "--bare", folder, bare);
    expect((await gitSource(bare, "HEAD").read()).ok).toBe(true);
    symlinkSync("/etc/passwd", join(tree.folder, "common/files/passwd.conf"));
    git("add", ".");
    git("commit", "-q", "-m", "link");
    const linked = await gitSource(folder, "main").read();
    expect(linked.ok ? [] : linked.problems.map(treeProblemLine)).toEqual([expect.stringMatching(/^common\/files\/passwd\.conf: is neither/)]);
    const nobody = await gitSource(folder, "nobody").read();
    expect(nobody.ok ? [] : nobody.problems.map(treeProblemLine)).toEqual([expect.stringMatching(/^the tree cannot be read: git rev-parse/)]);
    expect((await gitSource(join(folder, "nowhere"), "main").read()).ok).toBe(false);
  });

  it("of which a plain copy gives the same", async () => {
    const { folder } = repository();
    const copy = new TreeFolder("empty");
    mkdirSync(copy.folder, { recursive: true });
    cpSync(folder, copy.folder, { recursive: true });
    const [a, b] = [await gitSource(folder, "main").read(), await folderSource(copy.folder).read()];
    expect(a.ok && [...a.value.files].sort()).toEqual(b.ok && [...b.value.files].sort());
  });
});

describe("the list of hosts", () => {
  const places = [{ hostname: "a.hy01", product: "apps", type: "extra" as const, idc: "hy01" }];
  const servings = new Map([
    ["a.hy01", [{ cluster: "c1", vip: "10.0.0.1", wstype: "apps" }, { cluster: "c2", vip: "10.0.0.2", wstype: "search" }]],
    ["b.hy01", [{ cluster: "c1", vip: "10.0.0.1", wstype: "apps" }]],
  ]);
  const names = (filter: object): string[] => listHosts(places, servings, filter).map(({ hostname }) => hostname);

  it("has the machines of the tree and of the clusters, and filters by both", () => {
    expect(names({})).toEqual(["a.hy01", "b.hy01"]);
    expect(names({ wstype: "apps" })).toEqual(["a.hy01", "b.hy01"]);
    expect(names({ wstype: "search" })).toEqual(["a.hy01"]);
    expect(names({ wstype: "search", cluster: "c1" })).toEqual([]);
    expect(names({ cluster: "c1", vip: "10.0.0.1" })).toEqual(["a.hy01", "b.hy01"]);
    expect(names({ product: "apps", wstype: "apps" })).toEqual(["a.hy01"]);
    expect(names({ idc: "yf" })).toEqual([]);
    expect(listHosts(places, servings, { wstype: "apps" })[1]).toEqual({ hostname: "b.hy01", product: null, type: null, idc: null, serves: servings.get("b.hy01") });
  });
});
