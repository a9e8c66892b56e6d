import { spawn } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { describe, expect, it, onTestFinished } from "vitest";
import { digestOf } from "../../../src/node/nginx_hosts/finished.ts";
import { pull, type Pulled } from "../../../src/node/nginx_hosts/pull/pull.ts";
import type { SwapStep } from "../../../src/node/nginx_hosts/pull/releases.ts";
import { until } from "../../e2e/support/until.ts";
import { Sandbox, type Run } from "../support/sandbox.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** A server that answers for the machine `web1.hy01`. */
class FakeManager {
  readonly seen: IncomingHttpHeaders[] = [];
  readonly sandbox = new Sandbox();
  answer: (response: ServerResponse, headers: IncomingHttpHeaders) => void = () => undefined;
  #server: Server | undefined;
  url = "";

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      this.seen.push(request.headers);
      if (request.url !== "/api/v1/nginx/hosts/web1.hy01/config") response.writeHead(404).end("{}");
      else this.answer(response, request.headers);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => this.stop());
    writeFileSync(this.sandbox.path("token"), "dygw_secret\n");
    return this;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  get root(): string {
    return this.sandbox.path("dygw");
  }

  /** Answers with a tree, as the service does. */
  serves(files: Readonly<Record<string, string>>, digest = digestOf(Object.entries(files).map(([path, text]) => ({ path, text })))): void {
    this.answer = (response, headers) => {
      if (headers["if-none-match"] === `"${digest}"`) response.writeHead(304).end();
      else response.writeHead(200, { ETag: `"${digest}"` }).end(JSON.stringify({ hostname: "web1.hy01", digest, files }));
    };
  }

  run(...options: string[]): Promise<Run> {
    const common = ["--server", this.url, "--token-file", this.sandbox.path("token"), "--hostname", "web1.hy01", "--root", this.root];
    return this.sandbox.run(["nginx", "pull", ...common, ...options]);
  }

  pull(done?: (step: SwapStep) => void): Promise<Pulled> {
    const settings = { server: new URL(this.url), hostname: "web1.hy01", token: "t", ca: undefined, timeoutMs: 5000, root: this.root, nginx: "nginx", keep: 3, dryRun: false };
    return pull(settings, done);
  }

  /** The text of a file of the tree in place. */
  current(path = "site.conf"): string {
    return readFileSync(join(this.root, "current", path), "utf8");
  }

  get releases(): string[] {
    return readdirSync(join(this.root, "releases")).sort();
  }

  reloaded(): void {
    rmSync(join(this.root, "reload-needed"), { force: true });
  }
}

const treeOf = (folder: string, site: string): Record<string, string> => ({
  "nginx.conf": `pid ${folder}/nginx.pid;\nerror_log ${folder}/error.log;\nevents {}\nhttp { access_log off; include site.conf; }\n`,
  "site.conf": site,
});

async function manager(site = "# one\n"): Promise<FakeManager> {
  const fake = await new FakeManager().start();
  fake.serves(treeOf(fake.sandbox.folder, site));
  return fake;
}

describe("nginx pull", () => {
  it("puts a tree in place, says that nginx has to be reloaded until somebody has, and then that nothing is new", async () => {
    const fake = await manager();
    const first = await fake.run();
    expect([first.code, first.err]).toEqual([1, ""]);
    expect(first.out).toMatch(/^added {4}nginx\.conf\nadded {4}site\.conf\nin place: [0-9a-f]{64}\nnginx has to be reloaded: nginx -s reload, then rm .*\/reload-needed$/);
    expect(fake.current()).toBe("# one\n");
    expect(fake.seen[0]).toMatchObject({ authorization: "Bearer dygw_secret" });

    const again = await fake.run();
    expect([again.code, again.out]).toEqual([1, expect.stringMatching(/^unchanged: [0-9a-f]{64}\nnginx has to be reloaded/)]);
    expect(fake.seen[1]?.["if-none-match"]).toMatch(/^"[0-9a-f]{64}"$/);
    fake.reloaded();
    expect((await fake.run()).code).toBe(0);

    fake.serves(treeOf(fake.sandbox.folder, "# two\n"));
    const second = await fake.run();
    expect([second.code, second.out.split("\n")[0]]).toEqual([1, "changed  site.conf"]);
    expect(fake.current()).toBe("# two\n");
    expect(readFileSync(join(fake.root, "previous", "site.conf"), "utf8")).toBe("# one\n");
  });

  it("changes nothing with --dry-run, and says what it would", async () => {
    const fake = await manager();
    const dry = await fake.run("--dry-run");
    expect([dry.code, dry.out]).toEqual([1, expect.stringMatching(/would be in place: [0-9a-f]{64}$/)]);
    expect(existsSync(join(fake.root, "current"))).toBe(false);
    expect(fake.releases).toEqual([]);
  });

  it("keeps the old tree where nginx refuses the new one, with nginx' reason", async () => {
    const fake = await manager();
    await fake.run();
    fake.reloaded();
    fake.serves(treeOf(fake.sandbox.folder, "server { lissten 80; }\n"));
    const refused = await fake.run();
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/nginx -t refuses the new tree; the old one stays:\n.*unknown directive "lissten" in site\.conf:1/);
    expect(fake.current()).toBe("# one\n");
    expect(fake.releases).toHaveLength(1);
    expect(existsSync(join(fake.root, "reload-needed"))).toBe(false);
  });

  it.each<[string, (fake: FakeManager) => void, RegExp]>([
    ["is gone", (fake) => fake.stop(), /ECONNREFUSED/],
    ["refuses the token", (fake) => (fake.answer = (r) => r.writeHead(401).end('{"title":"Unauthorized","detail":"a valid token is needed"}')), /answers 401: a valid token is needed/],
    ["has a broken tree", (fake) => (fake.answer = (r) => r.writeHead(409).end('{"detail":"the tree","problems":[{"text":"a.conf:3: wrong"}]}')), /answers 409: the tree\n {2}a\.conf:3: wrong/],
    ["sends another page", (fake) => (fake.answer = (r) => r.end("<html>")), /the answer is not JSON/],
    ["sends other JSON", (fake) => (fake.answer = (r) => r.end("{}")), /the answer is not a configuration/],
    ["redirects", (fake) => (fake.answer = (r) => r.writeHead(302, { Location: "http://127.0.0.1:1/" }).end()), /answers 302/],
    ["stops in the middle", (fake) => (fake.answer = (r) => r.writeHead(200, { "Content-Length": "1000" }).write('{"digest"', () => r.destroy())), /aborted|middle of the answer/],
    ["says nothing", (fake) => (fake.answer = () => undefined), /no answer in 1 s/],
    ["sends damaged files", (fake) => fake.serves(treeOf(fake.sandbox.folder, "# new\n"), "0".repeat(64)), /the answer is damaged/],
    ["says that nothing is new when nothing is there", (fake) => (fake.answer = (r) => r.writeHead(304).end()), /answers 304/],
    ["sends no nginx.conf", (fake) => fake.serves({ "site.conf": "" }), /has no nginx\.conf/],
    ["sends a path out of the tree", (fake) => fake.serves({ ...treeOf(fake.sandbox.folder, ""), "../../evil.conf": "x" }), /"\.\.\/\.\.\/evil\.conf", which is no path of a tree/],
    ["sends an absolute path", (fake) => fake.serves({ ...treeOf(fake.sandbox.folder, ""), "/etc/cron.d/evil": "x" }), /no path of a tree/],
    ["sends a hidden file", (fake) => fake.serves({ ...treeOf(fake.sandbox.folder, ""), "a/.lock": "x" }), /no path of a tree/],
    ["sends a path with a line end", (fake) => fake.serves({ ...treeOf(fake.sandbox.folder, ""), "a\nb": "x" }), /no path of a tree/],
  ])("changes nothing and ends with 2 when the service %s", async (_, change, words) => {
    const fake = await manager();
    change(fake);
    const run = await fake.run("--timeout", "1");
    expect(run.code).toBe(2);
    expect(run.err).toMatch(words);
    expect(existsSync(join(fake.root, "current"))).toBe(false);
    expect(existsSync(fake.sandbox.path("evil.conf"))).toBe(false);
  });

  it("fetches again what somebody edited by hand, and puts it right", async () => {
    const fake = await manager();
    await fake.run();
    fake.reloaded();
    writeFileSync(join(fake.root, "current", "site.conf"), "# by hand\n");
    const run = await fake.run();
    expect([run.code, run.out.split("\n")[0]]).toEqual([1, "changed  site.conf"]);
    expect(fake.seen.at(-1)?.["if-none-match"]).toBeUndefined();
    expect(fake.current()).toBe("# one\n");
    writeFileSync(join(fake.root, "current", "extra.conf"), "# by hand\n");
    expect((await fake.run()).out.split("\n")[0]).toBe("removed  extra.conf");
  });

  it("keeps as many trees as it is told, current and previous among them", async () => {
    const fake = await manager();
    for (let i = 0; i < 6; i++) {
      fake.serves(treeOf(fake.sandbox.folder, `# ${i}\n`));
      expect((await fake.run("--keep", "3")).code).toBe(1);
    }
    expect(fake.releases).toHaveLength(3);
    expect(fake.current()).toBe("# 5\n");
    expect(readFileSync(join(fake.root, "previous", "site.conf"), "utf8")).toBe("# 4\n");
  });

  it("needs a token, a server and a host name, and says which is wrong", async () => {
    const fake = await manager();
    for (const [options, words] of [
      [["--token-file", "/nowhere/token"], /\/nowhere\/token cannot be read/],
      [["--hostname", "../web1"], /is not a host name/],
      [["--server", "ftp://x"], /an address as https:\/\/manager:8443 is expected/],
      [["--server", "http://user:pass@x"], /is expected/],
      [["--ca", "/nowhere/ca"], /\/nowhere\/ca cannot be read/],
      [["--keep", "1"], /a number from 2 to 1000/],
    ] as const) {
      const run = await fake.run(...options);
      expect([run.code, run.err]).toEqual([2, expect.stringMatching(words)]);
    }
    const bare = await fake.sandbox.run(["nginx", "pull", "--server", fake.url, "--root", fake.root], {});
    expect(bare.err).toContain("set DYGATEWAY_TOKEN");
    const given = await fake.sandbox.run(["nginx", "pull", "--server", fake.url, "--hostname", "WEB1.hy01", "--root", fake.root], { DYGATEWAY_TOKEN: "abc" });
    expect([given.code, fake.seen.at(-1)?.authorization]).toEqual([1, "Bearer abc"]);
  });
});

describe("two pulls at once", () => {
  it("are not: the second is told", async () => {
    const fake = await manager();
    mkdirSync(fake.root, { recursive: true });
    const sleeper = spawn("sleep", ["60"]);
    onTestFinished(() => void sleeper.kill());
    const stat = readFileSync(`/proc/${sleeper.pid}/stat`, "utf8");
    const lock = (started: number): void => writeFileSync(join(fake.root, ".lock"), `${sleeper.pid} ${started}`);
    const started = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    // The number of a process that ended long ago has been given to this one.
    lock(started - 1);
    expect((await fake.run()).code).toBe(1);
    lock(started);
    const run = await fake.run();
    expect([run.code, run.err]).toEqual([2, `dygateway: another pull (process ${sleeper.pid}) is at work in ${fake.root}`]);
    sleeper.kill();
    await new Promise((resolve) => sleeper.once("exit", resolve));
    expect((await fake.run()).code).toBe(1);
    expect(existsSync(join(fake.root, ".lock"))).toBe(false);
  });
});

describe("a pull that is killed", () => {
  /** A process that ends itself right after a step of the swap. */
  function killedAfter(fake: FakeManager, step: SwapStep): Promise<NodeJS.Signals | null> {
    const script = fake.sandbox.path("killed.ts");
    const settings = { hostname: "web1.hy01", token: "t", timeoutMs: 5000, root: fake.root, nginx: "nginx", keep: 3, dryRun: false };
    writeFileSync(
      script,
      `import { pull } from ${JSON.stringify(join(root, "src/node/nginx_hosts/pull/pull.ts"))};
      await pull({ ...${JSON.stringify(settings)}, ca: undefined, server: new URL(${JSON.stringify(fake.url)}) }, (step) => {
        if (step === ${JSON.stringify(step)}) process.kill(process.pid, "SIGKILL");
      });`,
    );
    const outfile = fake.sandbox.path("killed.mjs");
    buildSync({ entryPoints: [script], outfile, bundle: true, platform: "node", format: "esm", target: "node20", external: ["ffi"], banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' } });
    const child = spawn(process.execPath, [outfile], { stdio: "inherit" });
    return new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
  }

  it.each<[SwapStep, string]>([
    ["release", "# one\n"],
    ["marked", "# one\n"],
    ["previous", "# one\n"],
    ["current", "# two\n"],
  ])("after the step %j leaves a whole tree, and the next one completes it", async (step, there) => {
    const fake = await manager();
    await fake.run();
    fake.serves(treeOf(fake.sandbox.folder, "# two\n"));
    fake.reloaded();
    expect(await killedAfter(fake, step)).toBe("SIGKILL");
    expect(fake.current()).toBe(there);
    expect(lstatSync(join(fake.root, "current")).isSymbolicLink()).toBe(true);
    const next = await fake.run();
    // Whether it was in place or not: nginx has not read it.
    expect([next.code, next.err]).toEqual([1, ""]);
    expect(fake.current()).toBe("# two\n");
    expect(existsSync(join(fake.root, "reload-needed"))).toBe(true);
  });

  it("shows a reader one whole tree at any moment of a hundred swaps", async () => {
    const fake = await manager();
    const pair = (i: number): Record<string, string> => ({ ...treeOf(fake.sandbox.folder, `# ${i}\n`), "other.conf": `# ${i}\n` });
    fake.serves(pair(0));
    await fake.pull();
    const reader = spawn("sh", ["-c", `while [ ! -e '${fake.root}/stop' ]; do cd '${fake.root}/current' && a=$(cat site.conf) && b=$(cat other.conf) && { [ "$a" = "$b" ] || echo mixed "$a" "$b"; }; echo x >>'${fake.root}/reads'; done; echo end`]);
    let said = "";
    reader.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await until("it reads", () => existsSync(join(fake.root, "reads")));
    for (let i = 1; i <= 100; i++) {
      fake.serves(pair(i));
      const pulled = await pull({ server: new URL(fake.url), hostname: "web1.hy01", token: "t", ca: undefined, timeoutMs: 5000, root: fake.root, nginx: "true", keep: 200, dryRun: false });
      expect(pulled.kind).toBe("changed");
    }
    writeFileSync(join(fake.root, "stop"), "");
    await new Promise((resolve) => reader.once("close", resolve));
    expect(said).toBe("end\n");
    expect(readlinkSync(join(fake.root, "current"))).toMatch(/^releases\/[0-9a-f]{64}$/);
  });
});
