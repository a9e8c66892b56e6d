import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { askAdmin, adminPath, type Data } from "../support/admin_client.ts";
import { dyupsClient } from "../support/dyups_client.ts";
import { DyupsStandIn } from "../support/dyups_stand_in.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { send } from "../support/http.ts";
import { startSecondGateway, type SecondGateway } from "../support/second_gateway.ts";
import { until } from "../support/until.ts";
import { DnsServer } from "./dns_server.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const standIn = new DyupsStandIn();
const dns = new DnsServer();
let standInPort = 0;
beforeAll(async () => {
  standInPort = await standIn.listen();
  await dns.start();
});
afterAll(async () => {
  await standIn.stop();
  await dns.stop();
});

/** A gateway whose upstreams are served by another one. */
const upstreams = useUpstreamCluster({
  config: {
    get dynamic_upstreams() {
      return { engine: "dyups", dyups: { url: `http://127.0.0.1:${standInPort}`, timeout: "500ms" }, resolvers: [`127.0.0.1:${dns.port}`] };
    },
  },
});
const { cluster } = upstreams;

async function dyupsStatus(adminPort = cluster.adminPort): Promise<Data> {
  const { data } = await askAdmin(adminPort, { path: adminPath("status") });
  return data.upstreams.dyups as unknown;
}

function inStep(adminPort?: number): Promise<void> {
  return until("the module is in step", async () => {
    const { in_step: isInStep, revision } = await dyupsStatus(adminPort);
    return isInStep === true && revision >= Number(await cluster.redis.client.get("ab:test:revision"));
  }, 20_000);
}

/** The next times that the module was looked at and left alone. */
async function looks(count: number): Promise<void> {
  const before = standIn.count("GET");
  await until(`it is looked at ${count} times`, () => standIn.count("GET") >= before + count, 20_000);
}

beforeEach(async () => {
  standIn.mood = "well";
  await inStep();
});

describe("the engine dyups", () => {
  test("tells the module of every change, with a keepalive, and says when it is in step", async () => {
    const name = await upstreams.set("server 10.0.0.1:80 weight=2; server 10.0.0.2:80 backup;");
    await until("it is told", () => standIn.upstreams.get(name) === "server 10.0.0.1:80 weight=2; server 10.0.0.2:80 backup; keepalive 64;");
    await upstreams.done("add_server", { upstream: name, ip: "10.0.0.3", port: 80 });
    await until("it is told again", () => standIn.upstreams.get(name)?.includes("server 10.0.0.3:80;") === true);
    await upstreams.done("set_upstream", { upstream: name, strategy: "least_conn", keepalive: 9 });
    await until("it is told what /detail does not show", () => standIn.upstreams.get(name)?.endsWith("server 10.0.0.3:80; keepalive 9;") === true);
    await inStep();
    expect(await dyupsStatus()).toMatchObject({ url: `http://127.0.0.1:${standInPort}`, driven_by: "http", problem: "", difference_count: 0, differences: [] });
  });

  test("leaves alone what is as it should be, and others' upstreams", async () => {
    standIn.upstreams.set("others", "server 10.9.9.9:80;");
    const name = await upstreams.set("server 10.0.0.1:80;");
    await inStep();
    const posts = standIn.count("POST");
    await looks(2);
    await upstreams.set("server 10.0.0.1:80;", name);
    await looks(1);
    expect(standIn.count("POST")).toBe(posts);
    expect(standIn.upstreams.get("others")).toBe("server 10.9.9.9:80;");
    await upstreams.done("remove_upstream", { upstream: name });
    await until("it is deleted", () => !standIn.upstreams.has(name));
    await inStep();
    expect(standIn.upstreams.has("others")).toBe(true);
    expect(standIn.log.some((line) => line.includes("others"))).toBe(false);
  });

  test("deletes what has a tombstone, also when it comes back", async () => {
    standIn.upstreams.set("beta4", "server 10.0.0.4:80;");
    await upstreams.done("remove_upstream", { upstream: "beta4" });
    await until("it is deleted", () => !standIn.upstreams.has("beta4"));
    await inStep();
    standIn.upstreams.set("beta4", "server 10.0.0.4:80;");
    await until("it is deleted again", () => !standIn.upstreams.has("beta4"), 10_000);
  });

  test("tells everything again to a module that was reloaded", async () => {
    const name = await upstreams.set("server 10.0.0.1:80; keepalive 7;");
    await inStep();
    const before = new Map(standIn.upstreams);
    before.delete("others");
    standIn.reload();
    await until("all of it is back", () => standIn.upstreams.size === before.size, 20_000);
    expect(new Map([...standIn.upstreams].sort())).toEqual(new Map([...before].sort()));
    expect(standIn.upstreams.get(name)).toBe("server 10.0.0.1:80; keepalive 7;");
    await inStep();
  });

  test("tells everything again to a module that was reloaded and has the same servers of its own configuration", async () => {
    const name = await upstreams.set("least_conn; server 10.0.0.1:80; keepalive 7;");
    await inStep();
    const before = new Map([...standIn.upstreams].sort());
    const count = (await dyupsStatus()).count as number;
    expect(before.size).toBe(count + 1);
    expect(before.get("dygateway_told")).toBe("server 127.0.0.1:9 down;");
    before.delete("dygateway_told");
    standIn.reload(new Map([...before].map(([known]) => [known, known === name ? "server 10.0.0.1:80;" : (before.get(known) ?? "")])));
    await until("it has its strategy and keepalive again", () => standIn.upstreams.get(name) === before.get(name), 20_000);
    await inStep();
    expect(standIn.upstreams.has("dygateway_told")).toBe(true);
  });

  test("puts right what somebody has changed", async () => {
    const name = await upstreams.set("server 10.0.0.1:80;");
    await inStep();
    standIn.upstreams.set(name, "server 10.6.6.6:80;");
    await until("it is right again", () => standIn.upstreams.get(name) === "server 10.0.0.1:80; keepalive 64;", 20_000);
  });

  test("says what the module cannot be told", async () => {
    const name = await upstreams.set("server 10.0.0.1:80 slow_start=9s; check type=tcp interval=9s;");
    await until("it is told the rest", () => standIn.upstreams.get(name) === "server 10.0.0.1:80; keepalive 64;");
    await inStep();
    expect((await dyupsStatus()).not_told).toEqual({ check: [name], slow_start: [name] });
    await upstreams.done("remove_upstream", { upstream: name });
  });

  test("sends addresses in the place of names, and others when they change", async () => {
    dns.know({ "module.test": ["10.0.0.1", "10.0.0.2"] });
    const name = await upstreams.set("server module.test:80 weight=2;");
    await until("it has the addresses", () => standIn.upstreams.get(name) === "server 10.0.0.1:80 weight=2; server 10.0.0.2:80 weight=2; keepalive 64;", 10_000);
    dns.know({ "module.test": ["10.0.0.3"] });
    await until("it has the new ones", () => standIn.upstreams.get(name) === "server 10.0.0.3:80 weight=2; keepalive 64;", 15_000);
    await upstreams.done("remove_upstream", { upstream: name });
  });

  test("leaves $backend to nginx", async () => {
    expect(await cluster.ask("any.test", { path: "/to/stable/" })).toBe("stable");
    const name = await upstreams.set("server 10.0.0.1:80;");
    expect(await upstreams.answerer(name)).toBe("502");
    await upstreams.done("remove_upstream", { upstream: name });
  });

  test("is carried on by another worker that does not tell it again", async () => {
    await inStep();
    const posts = standIn.count("POST");
    const { data } = await cluster.done("status");
    const leader = (data.workers as { leader: boolean; pid: number }[]).find((worker) => worker.leader)?.pid ?? 0;
    process.kill(leader, "SIGKILL");
    await until("another leads", async () => {
      const now = (await cluster.done("status")).data.workers as { leader: boolean; pid: number; alive: boolean }[];
      return now.some((worker) => worker.leader && worker.alive && worker.pid !== leader);
    }, 10_000);
    await looks(2);
    expect(standIn.count("POST")).toBe(posts);
    const name = await upstreams.set("server 10.0.0.8:80;");
    await until("it is told of a change", () => standIn.upstreams.has(name), 10_000);
  });
});

describe("a module that does not do as it is told", () => {
  async function troubled(mood: DyupsStandIn["mood"], problem: string): Promise<string> {
    standIn.mood = mood;
    const name = await upstreams.set("server 10.0.0.1:80;");
    await until(`the status says ${problem}`, async () => {
      const { in_step: isInStep, problem: said, differences } = await dyupsStatus();
      return isInStep === false && `${said} ${differences}`.includes(problem);
    }, 20_000);
    return name;
  }

  async function recovers(name: string, milliseconds = 20_000): Promise<void> {
    standIn.mood = "well";
    await until("it is told", () => standIn.upstreams.has(name), milliseconds);
    await inStep();
  }

  test("409: it is asked again until it has time", async () => {
    await recovers(await troubled("busy", ": 409"));
  });

  test("500: its words are in the status, it is not asked over and over, and takes the next body", async () => {
    const name = await troubled("refuse", ": 500 add server failed");
    const posts = standIn.log.filter((line) => line.startsWith(`POST /upstream/${name} `)).length;
    await looks(3);
    expect(standIn.log.filter((line) => line.startsWith(`POST /upstream/${name} `)).length).toBe(posts);
    standIn.mood = "well";
    await upstreams.set("server 10.0.0.2:80;", name);
    await recovers(name);
  });

  test("200 without doing it: the difference is in the status", async () => {
    const name = await troubled("lie", "it is not there");
    expect((await dyupsStatus()).differences).toContain(`${name}: it is not there`);
    await recovers(name, 60_000);
  });

  test("no answer: the status says so, and nobody waits for it", async () => {
    const name = await troubled("slow", "no answer in 500 ms");
    const begun = performance.now();
    await upstreams.set("server 10.0.0.2:80;", name);
    expect(await cluster.ask("any.test", { path: "/to/stable/" })).toBe("stable");
    expect(performance.now() - begun).toBeLessThan(500);
    await recovers(name);
  });

  test("half an answer, or another server's", async () => {
    await recovers(await troubled("cut", "the answer was cut off"));
    await recovers(await troubled("html", "is not that of a dyups interface: <html>"));
  });

  test("it is not there at all: changes are taken all the same, and told later", async () => {
    await standIn.stop();
    const name = await upstreams.set("server 10.0.0.1:80;");
    await until("the status says so", async () => (await dyupsStatus()).problem === "connection refused", 10_000);
    await standIn.listen(standInPort);
    await recovers(name);
    expect(cluster.gateway.errorLog()).toContain("is not in step: ");
  });
});

/** A Lua side as the module has it, which passes everything on to a stand-in and marks it. */
const luaModule = (port: number): string => `
local function ask(method, name, body)
  local socket = ngx.socket.tcp()
  assert(socket:connect("127.0.0.1", ${port}))
  assert(socket:send(method .. " /upstream/" .. name .. "?lua HTTP/1.0\\r\\nContent-Length: " .. #body .. "\\r\\n\\r\\n" .. body))
  local answer = assert(socket:receive("*a"))
  return tonumber(answer:match("^HTTP/1%.%d (%d+)")), answer:match("\\r\\n\\r\\n(.*)$")
end
return {
  update = function(name, body) return ask("POST", name, body) end,
  delete = function(name) return ask("DELETE", name, "") end,
}
`;

describe("an nginx that has the module's Lua side", () => {
  test("is told by it, and read by HTTP", async () => {
    const module = new DyupsStandIn();
    const port = await module.listen();
    mkdirSync(join(cluster.prefix, "ngx"));
    writeFileSync(join(cluster.prefix, "ngx", "dyups.lua"), luaModule(port));
    const driver = await startSecondGateway(cluster, {
      config: { dynamic_upstreams: { engine: "dyups", dyups: { url: `http://127.0.0.1:${port}` } } },
    });
    rmSync(join(cluster.prefix, "ngx"), { recursive: true });
    const name = await upstreams.set("server 10.0.0.1:80;");
    await inStep(driver.adminPort);
    expect(await dyupsStatus(driver.adminPort)).toMatchObject({ driven_by: "lua", problem: "" });
    expect(module.upstreams.get(name)).toBe("server 10.0.0.1:80; keepalive 64;");
    module.mood = "refuse";
    await upstreams.set("server 10.0.0.2:80;", name);
    await until("its words are in the status", async () => (await dyupsStatus(driver.adminPort)).problem === `${name}: 500 add server failed`);
    module.mood = "well";
    await upstreams.done("remove_upstream", { upstream: name });
    await until("it is deleted", () => !module.upstreams.has(name), 10_000);
    expect(module.log.filter((line) => !line.startsWith("GET ")).every((line) => line.includes("?lua"))).toBe(true);
    await driver.stop();
    await module.stop();
  });
});

describe("another gateway of this project in the place of the module", () => {
  let driven: SecondGateway;
  let driver: SecondGateway;
  beforeAll(async () => {
    driven = await startSecondGateway(cluster, { prefix: "ab:driven", include: join(cluster.folder, "by_name.conf") });
    driver = await startSecondGateway(cluster, {
      config: { dynamic_upstreams: { engine: "dyups", dyups: { url: `http://127.0.0.1:${driven.adminPort}/dyups` } } },
    });
  });
  afterAll(async () => {
    await driver.stop();
    await driven.stop();
  });

  test("serves what the driving one is told, at once, after its restart and after somebody's meddling", async () => {
    const [server] = await upstreams.servers(1);
    const name = await upstreams.set(`least_conn; server ${server.address} weight=3 max_fails=5; server 10.0.0.1:80 down; keepalive 6;`);
    const answers = async (): Promise<boolean> => {
      const { text } = await send(driven.port, { path: `/to/${name}/`, headers: { Host: "any.test" } });
      return text === "this is s1 server\n";
    };
    await until("the driven gateway serves it", answers, 10_000);
    await inStep(driver.adminPort);
    expect(await cluster.redis.client.hget("ab:driven:upstreams", name)).toBe(await cluster.redis.client.hget("ab:test:upstreams", name));
    await driven.restart();
    expect(await answers()).toBe(true);
    const other = dyupsClient(() => driven.adminPort, "/dyups");
    expect((await other.remove(name)).status).toBe(200);
    await until("it is told again", answers, 15_000);
    await inStep(driver.adminPort);
    await upstreams.done("remove_upstream", { upstream: name });
    await until("the driven gateway has it no more", async () => (await other.get(`/upstream/${name}`)).status === 404, 10_000);
    expect((await other.get("/upstream/stable")).status).toBe(200);
  });
});

test("nothing broke on the way", () => {
  expectNoFaults(cluster, "driving a module", ["exited on signal 9"]);
});
