import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";
import { keepaliveAgent } from "./support/http.ts";

/*
 * LuaJIT must compile each phase of a request in one piece (ADR 0011): interpreted, it takes five times as long. What it
 * compiles and what it gives up, its own `jit.v` writes down.
 */
const byHand = "by-hand.test";
const cluster = useCluster({
  prepare: ({ folder }) => {
    writeFileSync(join(folder, "server.conf"), "# Nothing, but the renderer cannot know.\n");
  },
  config: ({ folder }) => ({
    hosts: [
      { server_name: "any.test", default_server: true, default_upstream: "stable" },
      { server_name: byHand, default_upstream: "stable", include: join(folder, "server.conf") },
    ],
  }),
});
const traces = join(cluster.folder, "traces");
const agent = keepaliveAgent(1);
afterAll(() => {
  agent.destroy();
});

beforeAll(async () => {
  mkdirSync(traces);
  chmodSync(traces, 0o777);
  const file = join(cluster.folder, "conf/nginx.conf");
  const start = "init_worker_by_lua_block {";
  const text = readFileSync(file, "utf8");
  expect(text).toContain(start);
  writeFileSync(file, text.replace(start, `${start} require("jit.v").on("${traces}/" .. ngx.worker.pid())`));
  const policies = (upstream: string): object[] => [
    { divtype: "uidappoint", divdata: [{ uidset: [11, 12, 13], upstream }] },
    { divtype: "uidsuffix", divdata: [{ suffix: 4, upstream: "beta2" }] },
    { divtype: "iprange", divdata: [{ range: "10.0.0.0/8", upstream: "beta3" }] },
  ];
  await cluster.divert("any.test", ...policies("beta1"));
  await cluster.divert(byHand, ...policies("beta1"));
});

/** A few hundred requests on one connection, so of one worker, of users of each level and of none. */
async function visit(host: string): Promise<void> {
  for (let n = 0; n < 400; n++) {
    const headers = { "X-Uid": `${(n * 7) % 40}`, ...(n % 3 === 0 ? { "X-Real-IP": `10.1.2.${n % 250}` } : {}) };
    await cluster.ask(host, { headers, agent });
  }
}

/** What each worker has written down since nginx started. */
function written(): string[][] {
  return readdirSync(traces).map((name) => readFileSync(join(traces, name), "utf8").split("\n"));
}

/** (The balancer's first choices go through a loop, until weighted round robin is recorded.) */
const entries = ["choose_way", "set", "rewrite", "log", "finish", "route", "tries"];

/**
 * What was given up for good. A worker's first request of a peer goes through loops that no later one sees (whether the peer
 * is trusted is remembered); where LuaJIT happens to begin with that one it begins again with another.
 */
function givenUp(lines: readonly string[]): string[] {
  return lines.filter((line, at) => {
    const [, place = "", name = ""] = /TRACE --- ((\w+)\.lua:\d+) /.exec(line) ?? [];
    const isCompiled = (later: string): boolean => later.includes(` ${place} return]`);
    return entries.includes(name) && !lines.slice(at).some(isCompiled);
  });
}

async function expectCompiled(host: string, starts: readonly string[]): Promise<void> {
  await cluster.restart();
  await visit(host);
  const all = written();
  for (const start of starts) {
    expect(all.flat().filter((line) => new RegExp(`^\\[TRACE +\\d+ ${start}\\.lua:\\d+ return\\]`).test(line)), start).not.toEqual([]);
  }
  expect(all.flatMap(givenUp)).toEqual([]);
}

describe("a request's Lua is compiled whole", () => {
  test("to nginx's own upstreams, in a rendered location", () => expectCompiled("any.test", ["choose_way"]));
  test("to nginx's own upstreams, in the rewrite phase", () => expectCompiled(byHand, ["rewrite"]));
  test("to dynamic upstreams", async () => {
    for (const name of ["stable", "beta1", "beta2", "beta3"] as const) {
      const body = `server 127.0.0.1:${cluster.backends.ports[name]};`;
      const answer = await cluster.admin("status");
      expect(answer.code).toBe(200);
      await cluster.redis.client.hset("ab:test:upstreams", name, body);
    }
    await expectCompiled("any.test", ["choose_way", "balancer", "log"]);
    await expectCompiled(byHand, ["rewrite", "balancer", "log"]);
  });
});
