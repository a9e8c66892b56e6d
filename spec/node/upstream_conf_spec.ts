import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lookup, type Lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { addressParts } from "../../src/dygateway/core/upstream/address.ts";
import { composeConf, type DynamicUpstream } from "../../src/dygateway/core/upstream/conf_file.ts";
import { printConfBlock } from "../../src/dygateway/core/upstream/conf_print.ts";
import type { Upstream } from "../../src/dygateway/core/upstream/model.ts";
import { parseUpstreamBody } from "../../src/dygateway/core/upstream/parse.ts";
import { random, type Random } from "../cases/random.ts";
import { randomUpstream } from "../cases/upstream_random.ts";
import { valueOf } from "../core/support/results.ts";
import { Sandbox } from "./support/sandbox.ts";

/** What a stock nginx says of a file with upstreams, without any module of ours. */
function judge(sandbox: Sandbox, upstreamConf: string): { code: number | null; said: string } {
  const folder = sandbox.path("plain");
  mkdirSync(folder, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`);
  writeFileSync(join(folder, "upstream.conf"), upstreamConf);
  writeFileSync(
    join(folder, "nginx.conf"),
    `pid ${folder}/pid; error_log stderr warn; events {} http { ${temporary.join(" ")} include upstream.conf;
     server { listen unix:${folder}/s; location / { proxy_pass http://$arg_u; } } }`,
  );
  const run = spawnSync("nginx", ["-t", "-c", join(folder, "nginx.conf")], { encoding: "utf8" });
  return { code: run.status, said: run.stderr };
}

/** Addresses for some of the names; the others are unknown. */
function resolve(dice: Random, upstream: Upstream): Lookup<readonly string[]> {
  const resolved: Lookup<readonly string[]> = lookup();
  for (const { address } of upstream.servers) {
    const { kind, host } = addressParts(address);
    if (kind === "name") resolved[host] = dice.pick([[], ["10.9.0.1"], ["10.9.0.1", "2001:db8::9", "10.9.0.2"]]);
  }
  return resolved;
}

function bodyOf(text: string): Upstream {
  return valueOf(parseUpstreamBody(text, noPause));
}

const dynamic = (name: string, body: string): DynamicUpstream => ({ name, block: printConfBlock(name, bodyOf(body), lookup()) });

describe("upstream.conf for a plain nginx", () => {
  it.each([1, 2, 3])("is valid with any upstreams, written over static ones (seed %d)", (seed) => {
    const dice = random(seed);
    const statics = Array.from({ length: 20 }, (_, i) => `upstream u${i} { zone u${i} 64k; server 10.0.0.${i}; }\n`).join("");
    const upstreams = Array.from({ length: 120 }, (_, i): DynamicUpstream => {
      const upstream = randomUpstream(dice, 12);
      const removed = dice.below(10) === 0;
      const resolved = resolve(dice, upstream);
      return { name: `u${i}`, block: removed ? undefined : printConfBlock(`u${i}`, upstream, resolved) };
    });
    const text = valueOf(composeConf(statics, upstreams, seed));
    const { code, said } = judge(new Sandbox(), text);
    expect(said).not.toMatch(/\[(?:emerg|alert|crit|error|warn)\]/);
    expect(code).toBe(0);
  });

  it("is valid with as many servers, and as long texts, as there can be", () => {
    const long = "\"".repeat(480);
    const servers = Array.from({ length: 10000 }, (_, i) => `server 10.1.${Math.floor(i / 250)}.${i % 250}:65535 weight=65535;`).join("");
    const hash = `hash "$uri${"é".repeat(900)}";`;
    const text = valueOf(
      composeConf(
        `upstream hidden { ${"server 10.0.0.1:80 max_fails=3; ".repeat(300)} }\n`,
        [
          dynamic("many", servers),
          dynamic("points", `hash $uri consistent; ${servers.replaceAll(" weight=65535", "")}`),
          dynamic("long", `${hash} server 10.0.0.1; check path=/${"x".repeat(490)} host=${"y".repeat(255)} 'body=${long}';`),
          { name: "hidden", block: undefined },
        ],
        1,
      ),
    );
    expect(judge(new Sandbox(), text)).toMatchObject({ code: 0 });
  });

  it("is what nginx does not start from, once an operator breaks it: so it is left as it is", () => {
    const broken = "upstream a {\n    server 10.0.0.1\n}\n";
    expect(judge(new Sandbox(), broken).code).toBe(1);
    expect(composeConf(broken, [dynamic("b", "server 10.0.0.1;")], 1).ok).toBe(false);
  });
});

describe("render", () => {
  const upstreams = { stable: { servers: ["127.0.0.1:8040"] }, beta1: { servers: ["127.0.0.1:8041"] }, beta2: { servers: ["127.0.0.1:8042"] } };

  /** What the gateway does when an upstream changes. */
  function change(sandbox: Sandbox, dynamics: readonly DynamicUpstream[], revision: number): string {
    const file = join(sandbox.output, "upstream.conf");
    const text = valueOf(composeConf(readFileSync(file, "utf8"), dynamics, revision));
    writeFileSync(file, text);
    return text;
  }

  const changed: readonly DynamicUpstream[] = [
    dynamic("stable", "server 127.0.0.1:9001 weight=2;"),
    dynamic("fresh", "server 127.0.0.1:9002 drain; server 127.0.0.1:9003;"),
    { name: "beta2", block: undefined },
  ];

  it("keeps what was set at run time, and finds nothing to change because of it", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ upstreams });
    await sandbox.render();
    const text = change(sandbox, changed, 12);
    expect(await sandbox.render("--check")).toMatchObject({ code: 0 });
    expect((await sandbox.render()).out).toContain("is up to date");
    expect(sandbox.read("upstream.conf")).toBe(text);
    expect(judge(sandbox, text)).toMatchObject({ code: 0 });
  });

  it("changes the definitions that count, and keeps those that are replaced out of force", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ upstreams });
    await sandbox.render();
    const before = change(sandbox, changed, 12);
    sandbox.configure({ upstreams: { ...upstreams, stable: { servers: ["127.0.0.1:8050"] }, beta1: { servers: ["127.0.0.1:8051"] } } });
    const run = await sandbox.render("--check");
    expect(run.code).toBe(1);
    expect(run.out).toContain("- #dygateway:     server 127.0.0.1:8040;\n+ #dygateway:     server 127.0.0.1:8050;");
    expect(run.out).toContain("-     server 127.0.0.1:8041;\n+     server 127.0.0.1:8051;");
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    expect(sandbox.read("upstream.conf")).toBe(before.replace("8040", "8050").replace("8041", "8051"));
    const restored = change(sandbox, [], 13);
    expect(restored).toContain("server 127.0.0.1:8050;\n");
    expect(restored).not.toContain("#dygateway:");
  });

  it("does not overwrite an upstream.conf whose dynamic upstreams it cannot read", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ upstreams });
    await sandbox.render();
    const text = change(sandbox, changed, 12);
    const cut = text.slice(0, text.indexOf("# <<<"));
    writeFileSync(join(sandbox.output, "upstream.conf"), cut);
    const run = await sandbox.render();
    expect(run.code).toBe(2);
    expect(run.err).toContain("upstream.conf: line 19: the dynamic upstreams that begin here have no end");
    expect(run.err).toContain("it is not replaced: correct it, or move it away");
    expect(sandbox.read("upstream.conf")).toBe(cut);
  });
});
