import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lookup, type Lookup } from "../../../src/dygateway/core/lookup.ts";
import { noPause } from "../../../src/dygateway/core/result.ts";
import { composeConf } from "../../../src/dygateway/core/upstream/conf_file.ts";
import { printConfBlock } from "../../../src/dygateway/core/upstream/conf_print.ts";
import { parseUpstreamBody } from "../../../src/dygateway/core/upstream/parse.ts";
import { valueOf } from "../../core/support/results.ts";
import { freePorts } from "../support/free_ports.ts";
import { send } from "../support/http.ts";
import { temporaryFolder } from "../support/installation.ts";
import { namedServers, startNativeNginx, type NativeNginx } from "../support/native_nginx.ts";

const names = ["a", "b", "c", "d"] as const;

/** The upstream.conf that the gateway writes, taken over by an nginx that has none of our modules. */
describe("a stock nginx started from upstream.conf", () => {
  let nginx: NativeNginx | undefined;
  let port = 0;
  const at: Record<string, number> = {};

  const upstreams = (): Record<string, string> => ({
    weighted: `server 127.0.0.1:${at["a"]} weight=3; server 127.0.0.1:${at["b"]}; server 127.0.0.1:${at["c"]} backup;`,
    idle: `server 127.0.0.1:${at["a"]} down; server 127.0.0.1:${at["b"]} drain; server 127.0.0.1:${at["c"]} out; server 127.0.0.1:${at["d"]};`,
    fallen: `least_conn; server 127.0.0.1:${at["nobody"]} max_fails=1 fail_timeout=60s; server 127.0.0.1:${at["c"]} backup;`,
    sticky: `hash $arg_k consistent; server 127.0.0.1:${at["a"]}; server 127.0.0.1:${at["b"]}; server 127.0.0.1:${at["c"]}; check type=tcp;`,
    named: `server app.example:${at["d"]} slow_start=30s; keepalive 0;`,
    lost: `server gone.example:80;`,
    replaced: `server 127.0.0.1:${at["b"]};`,
  });

  beforeAll(async () => {
    const ports = await freePorts(names.length + 2);
    names.forEach((name, i) => (at[name] = ports[i] ?? 0));
    at["nobody"] = ports[names.length] ?? 0;
    port = ports[names.length + 1] ?? 0;
    const resolved: Lookup<readonly string[]> = lookup();
    resolved["app.example"] = ["127.0.0.1"];
    const dynamic = Object.entries(upstreams()).map(([name, body]) => {
      const upstream = valueOf(parseUpstreamBody(body, noPause));
      return { name, block: printConfBlock(name, upstream, resolved) };
    });
    const statics = `upstream replaced { server 127.0.0.1:${at["a"]}; }\nupstream static { zone s 64k; server 127.0.0.1:${at["c"]}; }\n`;
    const conf = valueOf(composeConf(statics, dynamic, 3));
    const front = `server { listen 127.0.0.1:${port}; location / { proxy_pass http://$arg_u; } }\n`;
    const members = namedServers(Object.fromEntries(names.map((name) => [name, at[name] ?? 0])));
    nginx = await startNativeNginx(join(temporaryFolder(), "plain"), `${conf}${members}${front}`, port);
  });
  afterAll(() => nginx?.stop());

  async function ask(upstream: string, times: number, key = ""): Promise<Record<string, number>> {
    const answers: Record<string, number> = {};
    for (let i = 0; i < times; i++) {
      const { status, text } = await send(port, { path: `/?u=${upstream}&k=${key}` });
      const who = status === 200 ? text.trim() : String(status);
      answers[who] = (answers[who] ?? 0) + 1;
    }
    return answers;
  }

  test("shares requests by weight, and leaves backups alone", async () => {
    expect(await ask("weighted", 40)).toEqual({ a: 30, b: 10 });
  });

  test("asks no server that is down, drained or out of rotation", async () => {
    expect(await ask("idle", 10)).toEqual({ d: 10 });
  });

  test("asks the backup when the primary one cannot be reached", async () => {
    expect(await ask("fallen", 10)).toEqual({ c: 10 });
  });

  test("sends a key always to the same server, and keys to all of them", async () => {
    const reached = new Set<string>();
    for (let key = 0; key < 40; key++) {
      const servers = Object.keys(await ask("sticky", 2, `k${key}`));
      expect(servers).toHaveLength(1);
      reached.add(servers[0] ?? "");
    }
    expect([...reached].sort()).toEqual(["a", "b", "c"]);
  });

  test("reaches a server whose name was resolved, and starts although another's was not", async () => {
    expect(await ask("named", 4)).toEqual({ d: 4 });
    expect(await ask("lost", 1)).toEqual({ "502": 1 });
  });

  test("takes the dynamic definition where there are two, and the static one where there is one", async () => {
    expect(await ask("replaced", 4)).toEqual({ b: 4 });
    expect(await ask("static", 4)).toEqual({ c: 4 });
  });
});
