import { chmodSync, existsSync, readdirSync, statSync, writeFileSync, mkdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/dygateway/core/settings.ts";
import { dumpedByNginx, directivesNamed } from "./support/nginx_reader.ts";
import { Sandbox } from "./support/sandbox.ts";

describe("render", () => {
  it("writes a set that nginx accepts, and says what is new", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({});
    const run = await sandbox.render();
    expect(run).toMatchObject({ code: 0, err: "" });
    expect(run.out).toContain("added     vhosts/api.weibo.cn.conf\nadded     default.conf\nadded     nginx.conf\n");
    const directives = dumpedByNginx(sandbox.output);
    expect(directivesNamed(directives, "proxy_pass").map(({ args }) => args[1])).toEqual(["http://dygateway_balancer", "http://$backend", "http://$backend"]);
  });

  it("writes settings that the gateway accepts, readable by nobody else", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({
      redis: { unix_socket: "/run/redis.sock", database: 3, username: "gateway", password: 'p"\\ w', prefix: "ab" },
      admin: { token: "t0ken", max_body: "2m" },
      divtypes: { my_city: "my_cityParser" },
      trusted_proxies: ["10.0.0.0/8", "unix:"],
    });
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    const parsed = parseSettings(sandbox.read("dygateway.json"));
    expect(parsed).toMatchObject({
      ok: true,
      settings: {
        redis: { unixSocket: "/run/redis.sock", database: 3, username: "gateway", password: 'p"\\ w', prefix: "ab" },
        admin: { token: "t0ken", maxBodyBytes: 2097152, hosts: ["127.0.0.1", "localhost", "[::1]"] },
        snapshotDir: sandbox.path("snapshot"),
      },
    });
    for (const file of ["dygateway.json", "redis.conf"]) {
      expect(statSync(`${sandbox.output}/${file}`).mode & 0o777, file).toBe(0o640);
    }
  });

  it("sends requests through the gateway's balancer, also where nothing is diverted", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({
      hosts: [{ server_name: "api.weibo.cn", default_upstream: "stable", locations: [{ path: "/" }, { path: "/raw", divert: false }] }],
      dynamic_upstreams: { keepalive: 99, keepalive_timeout: "30s", resolvers: ["10.0.0.2"] },
    });
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    const directives = dumpedByNginx(sandbox.output);
    const blocks = directivesNamed(directives, "upstream").filter(({ args }) => args[1]?.startsWith("dygateway_balancer") === true);
    const balancer = ["balancer_by_lua_block"];
    expect(blocks.map(({ args, body }) => [args[1], Array.isArray(body) ? body.map(({ args: words }) => words as string[]) : []])).toEqual([
      ["dygateway_balancer", [["server", "0.0.0.1"], balancer, ["keepalive", "99"], ["keepalive_timeout", "30s"]]],
      ["dygateway_balancer_close", [["server", "0.0.0.1"], balancer]],
    ]);
    // Two locations with two ways each that end in the log phase; requests of nginx's own upstreams do not.
    for (const [name, count] of [["set_by_lua_block", 2], ["rewrite_by_lua_file", 1], ["rewrite_by_lua_block", 1], ["log_by_lua_block", 4]] as const) {
      expect(directivesNamed(directives, name), name).toHaveLength(count);
    }
    expect(parseSettings(sandbox.read("dygateway.json"))).toMatchObject({
      settings: { upstreams: { engine: "balancer", conf: `${sandbox.output}/upstream.conf`, resolvers: ["10.0.0.2"], dyupsLocation: "/dyups" } },
    });
  });

  it.each([
    ["the http level", { include: "/nowhere/*.conf" }, {}, {}, 0],
    ["a host", {}, { include: "/nowhere/*.conf" }, {}, 0],
    ["a location", {}, {}, { include: "/nowhere/*.conf" }, 1],
    ["no place, but there is no location for every request", {}, {}, { path: "/raw2" }, 2],
  ])("ends every request in the log phase where files of the operator's own are included at %s", async (_where, atHttp, atHost, atLocation, choices) => {
    const sandbox = new Sandbox();
    const locations = [{ path: "/", ...atLocation }, { path: "/raw", divert: false }];
    sandbox.configure({ hosts: [{ server_name: "api.weibo.cn", default_upstream: "stable", locations, ...atHost }], ...atHttp });
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    const directives = dumpedByNginx(sandbox.output);
    expect(directivesNamed(directives, "log_by_lua_block")).toHaveLength(1);
    expect(directivesNamed(directives, "set_by_lua_block")).toHaveLength(choices);
  });

  it("leaves requests to nginx where a module balances them", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({
      hosts: [{ server_name: "api.weibo.cn", default_upstream: "stable", divert: false }],
      dynamic_upstreams: { engine: "dyups", dyups: { url: "http://127.0.0.1:8081", timeout: "500ms" }, dyups_location: "/" },
    });
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    const directives = dumpedByNginx(sandbox.output);
    for (const name of ["balancer_by_lua_block", "log_by_lua_block", "rewrite_by_lua_block", "set_by_lua_block"]) {
      expect(directivesNamed(directives, name), name).toEqual([]);
    }
    expect(directivesNamed(directives, "location").map(({ args }) => args.at(-1))).toEqual(
      expect.arrayContaining(["/dyupsc_admin", "/list", "/detail", "/upstream/"]),
    );
    expect(parseSettings(sandbox.read("dygateway.json"))).toMatchObject({
      settings: { upstreams: { engine: "dyups", dyupsUrl: "http://127.0.0.1:8081", dyupsTimeoutMs: 500, dyupsLocation: "" } },
    });
  });

  it("leaves the pid file, the logs and the sockets of a running gateway alone", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ admin: { listen: `unix:${sandbox.path("admin.sock")}` } });
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    const made = readdirSync(sandbox.folder).filter((name) => name !== "upstreams");
    expect(made.sort()).toEqual(["conf", "dygateway.yaml", "logs", "prefix", "run", "snapshot"]);
    expect([...readdirSync(sandbox.path("run")), ...readdirSync(sandbox.path("logs"))]).toEqual([]);
    expect(sandbox.read("default.conf")).toContain(`listen unix:${sandbox.path("admin.sock")};`);
  });

  it("replaces only what changed", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({});
    await sandbox.render();
    const inode = (file: string): number => statSync(`${sandbox.output}/${file}`).ino;
    const before = [inode("nginx.conf"), inode("upstream.conf")];
    sandbox.configure({ upstreams: { stable: { servers: ["127.0.0.1:8049"] } } });
    const run = await sandbox.render();
    expect(run.out).toContain("changed   upstream.conf\nunchanged 5 files\n");
    expect(inode("nginx.conf")).toBe(before[0]);
    expect(inode("upstream.conf")).not.toBe(before[1]);
    expect((await sandbox.render()).out).toBe(`unchanged 6 files\n${sandbox.output} is up to date`);
  });

  it("removes the file of a host that is gone, and never one it does not own", async () => {
    const sandbox = new Sandbox();
    const host = (name: string): object => ({ server_name: name, default_upstream: "stable" });
    sandbox.configure({ hosts: [host("a.cn"), host("b.cn")] });
    await sandbox.render();
    writeFileSync(`${sandbox.output}/vhosts/mine.conf`, "# by hand\n");
    sandbox.configure({ hosts: [host("a.cn")] });
    expect((await sandbox.render()).out).toContain("removed   vhosts/b.cn.conf");
    expect(readdirSync(`${sandbox.output}/vhosts`).sort()).toEqual(["a.cn.conf", "mine.conf"]);
  });

  it("does not replace files that somebody else wrote, unless it is told to", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({});
    mkdirSync(sandbox.output);
    writeFileSync(`${sandbox.output}/nginx.conf`, "# the machine's own\n");
    const refused = await sandbox.render();
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("holds files that dygateway did not write:\n  nginx.conf\n");
    expect(readdirSync(sandbox.output)).toEqual(["nginx.conf"]);
    expect(await sandbox.render("--force")).toMatchObject({ code: 0 });
    expect(sandbox.read("nginx.conf")).toContain("Rendered by dygateway");
  });

  it("replaces nothing when nginx refuses, and names the file, the line and what stands there", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({});
    await sandbox.render();
    const before = sandbox.read("vhosts/api.weibo.cn.conf");
    sandbox.configure({
      hosts: [
        { server_name: "api.weibo.cn", default_upstream: "stable", locations: [{ path: "/abc(", match: "~" }] },
        { server_name: "new.cn", default_upstream: "stable" },
      ],
    });
    const run = await sandbox.render();
    expect(run.code).toBe(2);
    expect(run.err).toMatch(/^dygateway: \S*nginx -t refuses the rendered files:\n/);
    expect(run.err).toContain(`in ${sandbox.output}/vhosts/api.weibo.cn.conf:7\n    location ~ "/abc(" {`);
    expect(run.err).not.toContain(".rendering");
    expect(sandbox.read("vhosts/api.weibo.cn.conf")).toBe(before);
    expect(existsSync(`${sandbox.output}/vhosts/new.cn.conf`)).toBe(false);
    expect(existsSync(`${sandbox.output}.rendering`)).toBe(false);
  });

  it("fails in one line where there is no nginx, no Lua module or no gateway", async () => {
    const sandbox = new Sandbox();
    const fake = (name: string, script: string): string => {
      writeFileSync(sandbox.path(name), `#!/bin/sh\n${script}\n`);
      chmodSync(sandbox.path(name), 0o755);
      return sandbox.path(name);
    };
    const errorWith = async (paths: object): Promise<string> => {
      sandbox.configure({ paths });
      const run = await sandbox.render();
      expect(run.code).toBe(2);
      expect(existsSync(sandbox.output)).toBe(false);
      return run.err;
    };
    expect(await errorWith({ nginx: "/nowhere/nginx" })).toBe(
      "dygateway: /nowhere/nginx cannot be run: spawnSync /nowhere/nginx ENOENT",
    );
    expect(await errorWith({ nginx: fake("other", "echo hello") })).toContain("does not answer -V as nginx");
    const bare = fake("bare", "echo 'nginx version: nginx/1.22.1' >&2; echo 'configure arguments: --prefix=/x' >&2");
    expect(await errorWith({ nginx: bare })).toContain("has no Lua module: ngx_http_lua_module.so is not in /x/modules");
    expect(await errorWith({ install: "/nowhere" })).toContain("dygateway's Lua side is not in /nowhere");
  });

  it("says so when the workers could not read the gateway's code, which nginx -t as root does not see", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ workers: { user: "daemon" } });
    chmodSync(sandbox.prefix, 0o700);
    const run = await sandbox.render();
    expect(run.code).toBe(0);
    expect(run.err).toContain(`note: the workers' user daemon cannot read ${sandbox.prefix}, so every request would fail`);
    chmodSync(sandbox.prefix, 0o755);
    expect((await sandbox.render()).err).not.toContain("cannot read");
  });

  it("loads no modules into OpenResty", async () => {
    const sandbox = new Sandbox();
    const openresty = sandbox.path("openresty");
    writeFileSync(openresty, '#!/bin/sh\n[ "$1" != -V ] || echo "nginx version: openresty/1.25.3.1" >&2\n');
    chmodSync(openresty, 0o755);
    sandbox.configure({ paths: { nginx: openresty } });
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    expect(sandbox.read("nginx.conf")).not.toContain("load_module");
    expect(sandbox.read("nginx.conf")).toContain("include mime.types;");
    expect(sandbox.read("mime.types")).toContain("text/html");
  });

  it.each(['a"b', "a'b", "a b", "a #b", "a{b}", "a--b", "a\\b", "é中", 'a\\") x --'])(
    "renders into a directory named %s, which nginx and Lua then find",
    async (name) => {
      const sandbox = new Sandbox();
      sandbox.configure({});
      const output = sandbox.path(name);
      expect(await sandbox.run(["render", "-c", sandbox.path("dygateway.yaml"), "-o", output])).toMatchObject({ code: 0 });
      // init_by_lua opens the settings; without them nginx would refuse the configuration.
      const directives = dumpedByNginx(output);
      expect(directivesNamed(directives, "init_by_lua_block")).toHaveLength(1);
    },
  );

  it("refuses an output directory whose name means something to nginx", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({});
    const run = await sandbox.run(["render", "-c", sandbox.path("dygateway.yaml"), "-o", sandbox.path("a[b]")]);
    expect(run).toMatchObject({ code: 2 });
    expect(run.err).toContain("cannot be the output");
  });
});

describe("render --check", () => {
  it("exits 1 and shows the difference when something would change, and changes nothing", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({});
    expect(await sandbox.render("--check")).toMatchObject({ code: 1 });
    expect(existsSync(sandbox.output)).toBe(false);
    await sandbox.render();
    expect(await sandbox.render("--check")).toMatchObject({ code: 0 });

    sandbox.configure({ upstreams: { stable: { servers: ["127.0.0.1:8049"] } } });
    const run = await sandbox.render("--check");
    expect(run.code).toBe(1);
    expect(run.out).toContain("-     server 127.0.0.1:8040;\n+     server 127.0.0.1:8049;\n");
    expect(sandbox.read("upstream.conf")).toContain("8040");
  });

  it("exits 2 when the configuration is wrong", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ hosts: [] });
    const run = await sandbox.render("--check");
    expect(run).toMatchObject({ code: 2, out: "" });
    expect(run.err).toContain("hosts: needs at least 1 entry");
  });

  it("does not print secrets", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ admin: { token: "first-token" } });
    await sandbox.render();
    sandbox.configure({ admin: { token: "second-token" } });
    const run = await sandbox.render("--check");
    expect(run.code).toBe(1);
    expect(run.out).toContain("--- dygateway.json\n  not shown: it may hold secrets");
    expect(run.out).not.toMatch(/first-token|second-token/);
  });
});
