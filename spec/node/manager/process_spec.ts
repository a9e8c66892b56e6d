import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePorts } from "../../e2e/support/free_ports.ts";
import { until } from "../../e2e/support/until.ts";
import { startStore, type StoreServer } from "../store_server.ts";
import { ask, clusterDocument, ManagerBench, type Reply } from "./support_service.ts";

const root = join(import.meta.dirname, "..", "..", "..");
let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

/** The service as operators run it: a process of its own, whose ssh is the bench's. */
class ManagerProcess {
  readonly bench = new ManagerBench(store);
  readonly #children: ChildProcess[] = [];
  port = 0;
  said = "";

  constructor() {
    buildSync({
      entryPoints: [join(root, "src/node/cli/main.ts")],
      outfile: join(this.bench.folder, "bin", "dygateway.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      external: ["ffi"],
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
    symlinkSync(join(root, "templates"), join(this.bench.folder, "templates"));
  }

  /** Returns when it has ended, with its exit code. */
  run(manager: object = {}): { readonly child: ChildProcess; readonly ended: Promise<number | null> } {
    const file = join(this.bench.folder, "dygateway.yaml");
    const config = JSON.parse(this.bench.configText(manager)) as object;
    writeFileSync(file, JSON.stringify({ ...config, lvs: { push: { retries: 0 } } }));
    const child = spawn(process.execPath, [join(this.bench.folder, "bin", "dygateway.mjs"), "manager", "-c", file], {
      env: { ...process.env, PATH: `${join(this.bench.folder, "bin")}:${process.env["PATH"] ?? ""}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.push(child);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (this.said += text));
    return { child, ended: new Promise((resolve) => child.once("exit", (code) => resolve(code))) };
  }

  async start(manager: object = {}) {
    [this.port = 0] = await freePorts(1);
    const started = this.run({ listen: `127.0.0.1:${this.port}`, ...manager });
    await until("it listens", async () => (await ask(this.port, "GET", "/api/v1/openapi.json")).status === 200, 15_000);
    return started;
  }

  ask(method: string, path: string, body?: unknown): Promise<Reply> {
    return ask(this.port, method, `/api/v1${path}`, { token: this.bench.tokens.admin, ...(body === undefined ? {} : { body }) });
  }

  hold(host: string): void {
    writeFileSync(join(this.bench.lbs, `${host}.hold`), "");
  }

  letGo(host: string): void {
    rmSync(join(this.bench.lbs, `${host}.hold`), { force: true });
  }

  release(host: string): boolean {
    return existsSync(join(this.bench.lbs, host, "dygw", "current", "keepalived.conf"));
  }

  /** A sync that has come to its second load balancer, and waits there. */
  async syncAtSecond(): Promise<string> {
    await this.ask("PUT", "/wstypes/apps", {});
    await this.ask("POST", "/clusters", clusterDocument(1));
    const { json } = await this.ask("POST", "/clusters/cluster1/sync", { parallel: 1 });
    await until("the first is done", () => this.release("lb11-1.test"), 15_000);
    return json.id;
  }

  end(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const name of readdirSync(this.bench.lbs)) if (name.endsWith(".hold")) rmSync(join(this.bench.lbs, name));
  }
}

async function withProcess(work: (manager: ManagerProcess) => Promise<void>): Promise<void> {
  const manager = new ManagerProcess();
  try {
    await work(manager);
  } finally {
    manager.end();
  }
}

/** Of each host, comparing is one call and installing another: holds the second host's as soon as it was compared. */
async function holdSecond(manager: ManagerProcess): Promise<string> {
  const job = manager.syncAtSecond();
  const calls = join(manager.bench.lbs, "calls");
  await until("the second was compared", () => existsSync(calls) && readFileSync(calls, "utf8").includes("passed lb12-1.test"), 15_000);
  manager.hold("lb12-1.test");
  return job;
}

describe("the process", () => {
  it("that is killed in the middle of a sync leaves every load balancer old or new, and the job interrupted", () =>
    withProcess(async (manager) => {
      const { child, ended } = await manager.start();
      const id = await holdSecond(manager);
      child.kill("SIGKILL");
      await ended;
      const file = join(manager.bench.state, "jobs", `${id}.json`);
      expect(JSON.parse(readFileSync(file, "utf8")).state).toBe("running");
      expect([manager.release("lb11-1.test"), manager.release("lb12-1.test")]).toEqual([true, false]);

      await manager.start();
      const job = (await manager.ask("GET", `/jobs/${id}`)).json;
      expect(job).toMatchObject({ state: "interrupted", detail: expect.stringMatching("old or its new release") as string });
      expect(job.ended).not.toBeNull();
      const stream = await manager.ask("GET", `/jobs/${id}/events`);
      expect(stream.text).toContain("event: started");
      expect(manager.said).toContain(`job ${id} (sync of cluster1) was interrupted`);
    }));

  it("that is told to end finishes a running sync, and takes no new one meanwhile", () =>
    withProcess(async (manager) => {
      const { child, ended } = await manager.start();
      const id = await holdSecond(manager);
      child.kill("SIGTERM");
      await until("it was told", () => manager.said.includes("SIGTERM: waiting"));
      await manager.ask("POST", "/clusters", clusterDocument(2));
      expect((await manager.ask("POST", "/clusters/cluster2/sync", {})).status).toBe(503);
      manager.letGo("lb12-1.test");
      expect(await ended).toBe(0);
      expect(JSON.parse(readFileSync(join(manager.bench.state, "jobs", `${id}.json`), "utf8")).state).toBe("done");
      expect(manager.release("lb12-1.test")).toBe(true);
    }));

  it("that has waited long enough ends the sync where it leaves nothing half done", () =>
    withProcess(async (manager) => {
      const { child, ended } = await manager.start({ shutdown_timeout: "200ms" });
      const id = await holdSecond(manager);
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
      const job = JSON.parse(readFileSync(join(manager.bench.state, "jobs", `${id}.json`), "utf8"));
      expect(job).toMatchObject({ state: "aborted", detail: "not as they should be: lb12-1.test" });
      expect(manager.release("lb12-1.test")).toBe(false);
    }));

  it("that is told twice ends at once", () =>
    withProcess(async (manager) => {
      const { child, ended } = await manager.start({ shutdown_timeout: "1h" });
      const id = await holdSecond(manager);
      child.kill("SIGTERM");
      await until("it was told", () => manager.said.includes("SIGTERM: waiting"));
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
      expect(JSON.parse(readFileSync(join(manager.bench.state, "jobs", `${id}.json`), "utf8")).state).toBe("aborted");
    }));

  it("that is told twice waits for no answer, either", () =>
    withProcess(async (manager) => {
      const { child, ended } = await manager.start();
      await manager.ask("PUT", "/wstypes/apps", {});
      await manager.ask("POST", "/clusters", clusterDocument(1));
      manager.hold("lb11-1.test");
      const plan = manager.ask("GET", "/clusters/cluster1/plan").then(() => "answered", () => "cut");
      const calls = join(manager.bench.lbs, "calls");
      await until("it is asked", () => existsSync(calls) && readFileSync(calls, "utf8").includes("lb11-1.test"), 15_000);
      child.kill("SIGTERM");
      await until("it was told", () => manager.said.includes("SIGTERM: waiting"));
      child.kill("SIGTERM");
      expect(await plan).toBe("cut");
      expect(await ended).toBe(0);
    }));

  it("listens on a unix socket, also where a killed one has left its own", () =>
    withProcess(async (manager) => {
      const socketPath = join(manager.bench.folder, "manager.sock");
      const status = () =>
        new Promise<number>((resolve, reject) => {
          const headers = { Authorization: `Bearer ${manager.bench.tokens.viewer}` };
          request({ socketPath, path: "/api/v1/clusters", headers, agent: false }, (response) => {
            response.resume().once("end", () => resolve(response.statusCode ?? 0));
          })
            .once("error", reject)
            .end();
        });
      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        const { child, ended } = manager.run({ listen: `unix:${socketPath}` });
        await until("it answers", async () => (await status()) === 200, 15_000);
        child.kill(signal);
        await ended;
      }
    }));

  it("refuses to be reachable from other machines without TLS, and a state folder that is another's", () =>
    withProcess(async (manager) => {
      const open = manager.run({ listen: "0.0.0.0:8090" });
      expect(await open.ended).toBe(2);
      expect(manager.said).toContain("manager.listen 0.0.0.0:8090 is reachable from other machines");
      const { child, ended } = await manager.start();
      expect(await manager.run({ listen: `127.0.0.1:${manager.port + 1}` }).ended).toBe(2);
      expect(manager.said).toMatch(/state is in use by another dygateway manager \(process \d+\)/);
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
    }));
});
