import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { adminPath, askAdmin } from "./support/admin_client.ts";
import { backendNames, startBackends, type Backends } from "./support/backends.ts";
import { freePorts } from "./support/free_ports.ts";
import { gateway, usualNginx, type Gateway } from "./support/gateway.ts";
import { send } from "./support/http.ts";
import { run, temporaryFolder } from "./support/installation.ts";
import { redisServer, type RedisServer } from "./support/redis_server.ts";
import { until } from "./support/until.ts";
import { moodyBackend } from "./upstreams/health_backends.ts";

/**
 * `make install` below a prefix, and nginx with the examples that come with it: the virtual host is the contract's, and
 * nothing is rendered. Only ports and the folders of the system are replaced.
 */
describe("the examples of nginx/, installed", () => {
  const folder = temporaryFolder();
  const prefix = join(folder, "opt/dygateway");
  const conf = join(prefix, "nginx");
  let redis: RedisServer | undefined;
  let backends: Backends | undefined;
  let nginx: Gateway | undefined;
  let port = 0;
  let adminPort = 0;

  function replaceIn(file: string, changes: readonly (readonly [string | RegExp, string])[]): void {
    const path = join(conf, file);
    let text = readFileSync(path, "utf8");
    for (const [what, by] of changes) {
      expect(text).toMatch(what);
      text = text.replaceAll(what instanceof RegExp ? new RegExp(what, "gm") : what, by);
    }
    writeFileSync(path, text);
  }

  beforeAll(async () => {
    run("scripts/ts", ["build"]);
    // What `install` would build is built: `make build` would install packages that a test has no business with.
    run("make", ["-o", "build", "install", `PREFIX=${prefix}`]);
    backends = await startBackends();
    const ports = await freePorts(3);
    [port = 0, adminPort = 0] = ports;
    const redisPort = ports[2] ?? 0;
    for (const name of ["run", "log", "lib/snapshot"]) {
      mkdirSync(join(folder, name), { recursive: true, mode: 0o777 });
    }
    run("chmod", ["777", join(folder, "lib/snapshot")]);
    replaceIn("nginx.conf", [["/run/dygateway", join(folder, "run")], ["/var/log/dygateway", join(folder, "log")]]);
    if (usualNginx().includes("openresty")) {
      replaceIn("nginx.conf", [[/^load_module .*$/m, ""]]);
    }
    if (process.getuid?.() !== 0) {
      replaceIn("nginx.conf", [[/^user .*$/m, ""]]);
    }
    replaceIn("default.conf", [["127.0.0.1:8080", `127.0.0.1:${adminPort}`]]);
    replaceIn("vhosts/api.weibo.cn.conf", [["127.0.0.1:8030", `127.0.0.1:${port}`]]);
    replaceIn("dygateway.json", [["6379", `${redisPort}`], ["/var/lib/dygateway", join(folder, "lib")]]);
    replaceIn("upstream.conf", backendNames.map((name, i) => [`127.0.0.1:${8040 + i}`, `127.0.0.1:${backends?.ports[name] ?? 0}`] as const));

    writeFileSync(join(folder, "redis.conf"), `port ${redisPort}\nbind 127.0.0.1\nsave ""\ndir ${folder}\nlogfile ${folder}/log/redis.log\n`);
    redis = redisServer(join(folder, "redis.conf"), join(folder, "redis.out"), { host: "127.0.0.1", port: redisPort });
    await redis.start();
    nginx = gateway(usualNginx(), conf, join(folder, "log/error.log"), join(folder, "nginx.out"));
    nginx.start();
    await until("the gateway follows Redis", async () => {
      const { data } = await askAdmin(adminPort, { path: adminPath("status") });
      return data.store.reachable === true && data.store.confirmed_ms_ago !== null;
    }, 10_000);
  });
  afterEach(({ task }) => {
    if (task.result?.state === "fail") {
      console.error(nginx?.tail());
    }
  });
  afterAll(async () => {
    await nginx?.stop();
    await redis?.stop();
    await backends?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (headers: Record<string, string>, path = "/"): Promise<string> =>
    (await send(port, { path, headers: { Host: "api.weibo.cn", ...headers } })).text;
  const admin = (action: string, parameters = {}, json?: unknown): ReturnType<typeof askAdmin> =>
    askAdmin(adminPort, { path: adminPath(action, parameters), json });

  test("the paths of the contract are there", () => {
    const paths = ["diversion/diversion.lua", "admin/ab_action.lua"];
    for (const divtype of ["iprange", "uidrange", "uidsuffix", "uidappoint", "arg_city", "url"]) {
      paths.push(`lib/abtesting/diversion/${divtype}.lua`);
    }
    for (const parser of ["ipParser", "uidParser", "cityParser", "urlParser"]) {
      paths.push(`lib/abtesting/userinfo/${parser}.lua`);
    }
    for (const path of [...paths, "lib/abtesting/error/errcode.lua", "lib/abtesting/utils/init.lua", "bin/dygateway"]) {
      expect(statSync(join(prefix, path)).isFile()).toBe(true);
    }
    expect(run(join(prefix, "bin/dygateway"), ["--version"])).toMatch(/^\d+\.\d+\.\d+/);
  });

  test("the session of the README", async () => {
    const group = {
      1: { divtype: "uidsuffix", divdata: [{ suffix: "1", upstream: "beta1" }, { suffix: "3", upstream: "beta2" }, { suffix: "0", upstream: "beta3" }] },
      2: { divtype: "arg_city", divdata: [{ city: "BJ", upstream: "beta1" }, { city: "SH", upstream: "beta2" }] },
      3: { divtype: "iprange", divdata: [{ range: { start: 1111, end: 2222 }, upstream: "beta1" }, { range: "10.0.0.0/8", upstream: "beta4" }] },
    };
    expect(await ask({ "X-Uid": "30" })).toBe("this is stable server\n");
    expect((await admin("policygroup_set", {}, group)).data).toEqual({ groupid: 0, group: [0, 1, 2] });
    expect((await admin("runtime_set", { hostname: "api.weibo.cn", policygroupid: 0 })).text).toBe('{"code":200,"desc":"success "}');
    expect(await ask({ "X-Uid": "30" })).toBe("this is beta3 server\n");
    expect(await ask({ "X-Uid": "31" })).toBe("this is beta1 server\n");
    expect(await ask({}, "/?city=SH")).toBe("this is beta2 server\n");
    expect(await ask({ "X-Real-IP": "10.1.1.1" })).toBe("this is beta4 server\n");
    expect(await ask({ "X-Real-IP": "0.0.4.87" })).toBe("this is beta1 server\n");
    expect(await ask({})).toBe("this is stable server\n");
  });

  test("the contract's location, with its own hostkey and variables no longer needed", async () => {
    const { data } = await admin("policy_set", {}, { divtype: "uidsuffix", divdata: [{ suffix: "7", upstream: "beta4" }] });
    await admin("runtime_set", { hostname: "api.weibo.cn.abc", policyid: data.policyid as number });
    expect(await ask({ "X-Uid": "7" }, "/abc/i/x")).toBe("this is beta4 server\n");
    expect(await ask({ "X-Uid": "7" }, "/x/ABC/F/")).toBe("this is beta4 server\n");
    expect(await ask({ "X-Uid": "30" }, "/abc/i/")).toBe("this is stable server\n");
    expect(await ask({ "X-Uid": "7" }, "/abc/x/")).toBe("this is stable server\n");
  });

  test("an upstream that nginx did not know when it started is reached by the contract's location", async () => {
    const [first = 0, second = 0] = await freePorts(2);
    const servers = [await moodyBackend("fresh", { port: first }), await moodyBackend("later", { port: second })];
    const change = (body: string): ReturnType<typeof askAdmin> =>
      askAdmin(adminPort, { path: `/dyupsc_admin?${new URLSearchParams({ action: "add_upstream", upstream: "at-run-time", servers: body }).toString()}` });
    const answers = async (): Promise<Set<string>> => new Set(await Promise.all(Array.from({ length: 16 }, () => ask({ "X-Uid": "8" }, "/abc/i/x"))));
    try {
      expect((await change(`server 127.0.0.1:${first};`)).code).toBe(200);
      const { data } = await admin("policy_set", {}, { divtype: "uidsuffix", divdata: [{ suffix: "8", upstream: "at-run-time" }] });
      expect((await admin("runtime_set", { hostname: "api.weibo.cn.abc", policyid: data.policyid as number })).code).toBe(200);
      expect(await answers()).toEqual(new Set(["this is fresh server\n"]));
      expect((await change(`server 127.0.0.1:${second};`)).code).toBe(200);
      expect(await answers()).toEqual(new Set(["this is later server\n"]));
      expect(servers.map(({ requests }) => requests)).toEqual([16, 16]);
      expect(await ask({ "X-Uid": "30" }, "/abc/i/x")).toBe("this is stable server\n");
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });

  test("the state is kept for a start without Redis", async () => {
    await until("the snapshot is written", async () => {
      const { data } = await admin("status");
      return data.snapshot.current === true;
    });
    expect(readdirSync(join(folder, "lib/snapshot")).length).toBeGreaterThan(0);
    await nginx?.stop();
    await redis?.kill();
    nginx?.start();
    await until("nginx answers", async () => (await ask({ "X-Uid": "30" })) !== "");
    expect(await ask({ "X-Uid": "30" })).toBe("this is beta3 server\n");
  });

  test("nothing outside of the prefix is needed: the installation works where it was copied to", () => {
    const copy = join(folder, "copy");
    cpSync(prefix, copy, { recursive: true });
    expect(run(join(copy, "bin/dygateway"), ["schema"])).toContain("dygateway.yaml");
  });
});
