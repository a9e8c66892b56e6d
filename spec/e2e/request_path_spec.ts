import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useCluster, WORKERS } from "./support/cluster.ts";
import { keepaliveAgent } from "./support/http.ts";
import { until } from "./support/until.ts";

/*
 * What no request may do (DESIGN's request-path rules): write to the shared memory, talk to Redis or anybody else, use
 * ngx.ctx, JSON, nginx's regular expressions or files, start timers. All of these are wrapped before anything of ours is
 * loaded, and each call in a phase of a request is written down. (The content phase is the admin interface's alone.)
 */
const WATCH = `
local file = ...
local open = io.open
local aside = { init = true, init_worker = true, timer = true, content = true }

local function note(what)
  local phase = ngx.get_phase()
  if not aside[phase] then
    local out = open(file, "a")
    out:write(phase, ": ", what, "\\n")
    out:close()
  end
end

local function watch(holder, name, what)
  local original = holder[name]
  if type(original) == "function" then
    holder[name] = function(...)
      note(what .. name)
      return original(...)
    end
  end
end

local function watchAll(holder, what)
  for name in pairs(holder) do
    watch(holder, name, what)
  end
end

local dict = getmetatable(ngx.shared.dygateway).__index
for _, name in ipairs({
  "set", "safe_set", "add", "safe_add", "replace", "incr", "delete", "expire", "flush_all", "flush_expired",
  "lpush", "rpush", "lpop", "rpop",
}) do
  watch(dict, name, "shared dict ")
end
for _, name in ipairs({ "tcp", "udp", "stream", "connect" }) do
  watch(ngx.socket, name, "socket ")
end
watchAll(ngx.re, "ngx.re.")
watchAll(ngx.timer, "ngx.timer.")
watch(io, "open", "io.")
watch(ngx, "sleep", "ngx.")
for _, name in ipairs({ "cjson", "cjson.safe" }) do
  local module = require(name)
  watch(module, "encode", name .. ".")
  watch(module, "decode", name .. ".")
end
watchAll(require("dygateway.core.json.print"), "json.print.")
watchAll(require("dygateway.core.json.parse"), "json.parse.")

local meta = getmetatable(ngx)
local index, newindex = meta.__index, meta.__newindex
meta.__index = function(self, key)
  if key == "ctx" then
    note("ngx.ctx")
  end
  return type(index) == "function" and index(self, key) or index[key]
end
meta.__newindex = function(self, key, value)
  if key == "ctx" then
    note("ngx.ctx")
  end
  return newindex(self, key, value)
end
`;

/** Does each of these things once, in a phase of a request. */
const OFFENDER = `location = /offender {
  rewrite_by_lua_block {
    ngx.shared.dygateway:set("offender", 1)
    ngx.shared.dygateway:incr("offender", 1)
    ngx.shared.dygateway:delete("offender")
    ngx.ctx.offender = true
    require("cjson.safe").encode({})
    require("dygateway.core.json.print").printJson("x", function() end)
    ngx.re.find("a", "b")
    ngx.timer.at(0, function() end)
    io.open("/dev/null"):close()
    ngx.socket.tcp()
    ngx.sleep(0.001)
  }
  content_by_lua_block { ngx.say("done") }
}
`;

const rendered = "any.test";
const byHand = "by-hand.test";
const cluster = useCluster({
  prepare: ({ folder }) => {
    writeFileSync(join(folder, "server.conf"), OFFENDER);
  },
  config: ({ folder }) => ({
    hosts: [
      { server_name: rendered, default_server: true, default_upstream: "stable" },
      { server_name: byHand, default_upstream: "stable", include: join(folder, "server.conf") },
    ],
  }),
});
const folder = join(cluster.folder, "watched");
const file = join(folder, "calls");
const agent = keepaliveAgent(2 * WORKERS);
afterAll(() => {
  agent.destroy();
});

const levels: readonly object[] = [
  { divtype: "uidappoint", divdata: [{ uidset: [11, 12, "thirteen"], upstream: "beta1" }] },
  { divtype: "uidsuffix", divdata: [{ suffix: 4, upstream: "beta2" }, { suffix: "55", upstream: "beta1" }] },
  { divtype: "uidrange", divdata: [{ range: { start: 20, end: 29 }, upstream: "beta3" }] },
  { divtype: "iprange", divdata: [{ range: "10.0.0.0/8", upstream: "beta3" }, { range: "2001:db8::/32", upstream: "beta4" }] },
  { divtype: "url", divdata: [{ url: "/feed", upstream: "beta4" }] },
  { divtype: "arg_city", divdata: [{ city: "BJ", upstream: "beta1" }] },
  { divtype: "arg", divdata: [{ name: "channel", value: "a b", upstream: "beta2" }] },
  { divtype: "cookie", divdata: [{ name: "group", value: "b", upstream: "beta3" }] },
  { divtype: "header", divdata: [{ name: "X-Env", value: "gray", upstream: "beta4" }] },
  { divtype: "percent", divdata: [{ percent: 10, upstream: "beta1" }] },
];

beforeAll(async () => {
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, "watch.lua"), WATCH);
  const conf = join(cluster.folder, "conf/nginx.conf");
  const start = "init_by_lua_block {";
  const text = readFileSync(conf, "utf8");
  expect(text).toContain(start);
  writeFileSync(conf, text.replace(start, `${start} loadfile("${join(folder, "watch.lua")}")("${file}")`));
  for (const host of [rendered, byHand]) {
    await cluster.divert(host, ...levels);
  }
  await cluster.restart();
});

/** What requests have done since nginx started, or since this was asked before; each once. */
function calls(): string[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  writeFileSync(file, "");
  chmodSync(file, 0o666);
  return [...new Set(text.split("\n").filter((line) => line !== ""))].sort();
}

/** Users of each level and of none, at all workers. @returns whom they reached. */
async function visit(host: string): Promise<Set<string>> {
  const reached = new Set<string>();
  const paths = ["/", "/feed", "/?city=BJ", "/?channel=a+b", "/?channel=a%20b&city=SH", "/other"];
  const client = async (first: number): Promise<void> => {
    for (let n = first; n < first + 60; n++) {
      const headers = {
        "X-Uid": `${(n * 7) % 60}`,
        ...(n % 3 === 0 ? { "X-Real-IP": n % 2 === 0 ? `10.1.2.${n % 250}` : "2001:db8::1" } : {}),
        ...(n % 5 === 0 ? { Cookie: "a=1; group=b" } : {}),
        ...(n % 4 === 0 ? { "X-Env": "gray" } : {}),
      };
      reached.add(await cluster.ask(host, { headers, agent, path: paths[n % paths.length] ?? "/" }));
    }
  };
  await Promise.all(Array.from({ length: 2 * WORKERS }, (_, i) => client(i * 60)));
  return reached;
}

async function expectNothingDone(): Promise<void> {
  for (const host of [rendered, byHand]) {
    calls();
    const reached = await visit(host);
    expect([...reached].sort(), host).toEqual(["beta1", "beta2", "beta3", "beta4", "stable"]);
    expect(calls(), host).toEqual([]);
  }
}

describe("a request does nothing but decide", () => {
  test("what would be noticed is noticed", async () => {
    calls();
    expect((await cluster.send(byHand, { path: "/offender" })).text).toBe("done\n");
    const noticed = ["cjson.safe.encode", "io.open", "json.print.printJson", "ngx.ctx", "ngx.re.find", "ngx.sleep", "ngx.timer.at"];
    const inDict = ["delete", "incr", "set"].map((name) => `shared dict ${name}`);
    expect(calls()).toEqual([...noticed, ...inDict, "socket tcp"].map((what) => `rewrite: ${what}`));
  });

  test("to nginx's own upstreams", expectNothingDone);

  test("to dynamic upstreams", async () => {
    for (const [name, port] of Object.entries(cluster.backends.ports)) {
      await cluster.redis.client.hset("ab:test:upstreams", name, `server 127.0.0.1:${port};`);
    }
    await until("they are served", async () => (await cluster.done("status")).data.upstreams.count === 5);
    await expectNothingDone();
  });
});
