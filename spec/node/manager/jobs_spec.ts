import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../e2e/support/until.ts";
import { startStore, type StoreServer } from "../store_server.ts";
import { ManagerBench, type Json } from "./support_service.ts";

let store: StoreServer;
let bench: ManagerBench;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(async () => {
  await store.client.flushall();
  bench = await new ManagerBench(store).start();
});
afterAll(() => store.stop());

interface Event {
  readonly id: number;
  readonly event: string;
  readonly data: Readonly<Partial<Record<"host" | "step" | "outcome" | "state" | "reason", string>>>;
}

/** Reads a stream of events as they come. */
class Stream {
  readonly events: Event[] = [];
  readonly ended: Promise<void>;
  type = "";
  #close: () => void = () => undefined;

  constructor(port: number, job: string, token: string, after?: number) {
    this.ended = new Promise((resolve) => {
      const headers = { Authorization: `Bearer ${token}`, ...(after === undefined ? {} : { "Last-Event-ID": `${after}` }) };
      const sent = requestHttp({ host: "127.0.0.1", port, path: `/api/v1/jobs/${job}/events`, headers, agent: false }, (response) => {
        this.type = response.headers["content-type"] ?? "";
        let rest = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          const blocks = (rest + piece).split("\n\n");
          rest = blocks.pop() ?? "";
          for (const block of blocks) if (!block.startsWith(":")) this.#take(block);
        });
        response.on("end", resolve).on("error", () => resolve());
      });
      this.#close = () => sent.destroy();
      sent.on("error", () => resolve()).end();
    });
  }

  #take(block: string): void {
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
    this.events.push({ id: Number(field("id")), event: field("event"), data: JSON.parse(field("data")) as Event["data"] });
  }

  close(): void {
    this.#close();
  }

  /** Without times. */
  get told(): string[] {
    return this.events.map(({ event, data }) => [event, data.host, data.step ?? data.outcome ?? data.state ?? data.reason].filter((part) => part !== undefined).join(" "));
  }
}

const sync = (body: object = {}) => bench.ask("operator", "POST", "/clusters/cluster1/sync", { body });
const job = async (id: string): Promise<Json> => (await bench.ask("viewer", "GET", `/jobs/${id}`)).json;
const hold = (host: string): void => writeFileSync(join(bench.lbs, `${host}.hold`), "");
const letGo = (host: string): void => rmSync(join(bench.lbs, `${host}.hold`));
const release = (host: string): boolean => existsSync(join(bench.lbs, host, "dygw", "current", "keepalived.conf"));
const ended = (id: string): Promise<void> => until("the job has ended", async () => (await job(id)).state !== "running", 20_000);

describe("a sync", () => {
  it("is a job whose progress can be followed live, and again from any event on", async () => {
    await bench.cluster(1);
    hold("lb11-1.test");
    const started = await sync();
    expect(started.status).toBe(202);
    const { id } = started.json;
    expect(started.headers.location).toBe(`/api/v1/jobs/${id}`);
    expect(started.json).toMatchObject({ kind: "sync", cluster: "cluster1", by: "operator-token", state: "running", ended: null });

    const live = new Stream(bench.port, id, bench.tokens.viewer);
    await until("the first event is there", () => live.events.length > 0);
    expect(live.type).toBe("text/event-stream; charset=utf-8");
    expect(live.told[0]).toBe("started lb11-1.test");
    expect((await job(id)).state).toBe("running");
    letGo("lb11-1.test");
    await live.ended;
    expect(live.told).toEqual(expect.arrayContaining(["done lb11-1.test updated", "done lb12-1.test updated"]));
    expect(live.told.at(-1)).toBe("end done");
    expect(live.events.map((event) => event.id)).toEqual(live.events.map((_, index) => index + 1));

    const again = new Stream(bench.port, id, bench.tokens.viewer, 3);
    await again.ended;
    expect(again.events).toEqual(live.events.slice(3));
    expect(await job(id)).toMatchObject({
      state: "done",
      result: {
        lbs: [
          { host: "lb11-1.test", outcome: "updated", reason: null, reload: expect.arrayContaining([expect.stringMatching("systemctl reload keepalived")]) as string[] },
          { host: "lb12-1.test", outcome: "updated" },
        ],
      },
    });
    expect([release("lb11-1.test"), release("lb12-1.test")]).toEqual([true, true]);
  });

  it("is planned first, and drift says what is different afterwards", async () => {
    await bench.cluster(1);
    const plan = await bench.ask("viewer", "GET", "/clusters/cluster1/plan");
    expect(plan.json.lbs.map(({ host, kind, current }) => [host, kind, current])).toEqual([
      ["lb11-1.test", "changed", null],
      ["lb12-1.test", "changed", null],
    ]);
    expect(plan.json.lbs[0]?.files.find(({ path }) => path === "vips/10.3.1.1.conf")).toMatchObject({ kind: "added" });
    await ended((await sync()).json.id);
    const after = await bench.ask("viewer", "GET", "/clusters/cluster1/plan");
    expect(after.json.lbs.map(({ kind }) => kind)).toEqual(["unchanged", "unchanged"]);

    const folder = join(bench.lbs, "lb12-1.test", "dygw", "current");
    writeFileSync(join(folder, "vips", "10.3.1.1.conf"), "# by hand\n");
    writeFileSync(join(bench.lbs, "lb11-1.test.gone"), "");
    const drift = await bench.ask("viewer", "GET", "/clusters/cluster1/drift");
    expect(drift.json.lbs.map(({ host, kind, files }) => [host, kind, files])).toEqual([
      ["lb11-1.test", "unreachable", []],
      ["lb12-1.test", "drifted", [{ path: "vips/10.3.1.1.conf", kind: "edited" }]],
    ]);
  });

  it("that many ask the plan of connects once to each load balancer", async () => {
    await bench.cluster(1);
    const plans = await Promise.all(Array.from({ length: 8 }, () => bench.ask("viewer", "GET", "/clusters/cluster1/plan")));
    expect(new Set(plans.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(readFileSync(join(bench.lbs, "calls"), "utf8").match(/^lb11-1\.test$/gm)).toHaveLength(1);
  });

  it("that fails on a load balancer says which and why", async () => {
    await bench.cluster(1);
    writeFileSync(join(bench.lbs, "lb12-1.test.gone"), "");
    const { id } = (await sync()).json;
    await ended(id);
    const failed = await job(id);
    expect(failed).toMatchObject({ state: "failed", detail: "not as they should be: lb12-1.test" });
    expect(failed.result.lbs[1]).toMatchObject({ outcome: "failed", reason: expect.stringMatching("No route to host") as string });
    expect([release("lb11-1.test"), release("lb12-1.test")]).toEqual([true, false]);
  });

  it("is one at a time for a cluster", async () => {
    await bench.cluster(1);
    hold("lb11-1.test");
    const { id } = (await sync()).json;
    const second = await sync();
    expect([second.status, second.json.job, second.headers.location]).toEqual([409, id, `/api/v1/jobs/${id}`]);
    expect(second.json.detail).toContain("operator-token");
    letGo("lb11-1.test");
    await ended(id);
    expect((await sync()).status).toBe(202);
  });

  it("leaves what was not begun as it is when it is ended", async () => {
    await bench.cluster(1);
    hold("lb12-1.test");
    const { id } = (await sync()).json;
    await until("the other is waited for", () => readFileSync(join(bench.lbs, "calls"), "utf8").includes("lb12-1.test"));
    expect((await bench.ask("operator", "DELETE", `/jobs/${id}`)).status).toBe(202);
    await ended(id);
    expect((await job(id)).state).toBe("aborted");
    expect(release("lb12-1.test")).toBe(false);
    const late = await bench.ask("operator", "DELETE", `/jobs/${id}`);
    expect([late.status, late.json.detail]).toEqual([409, expect.stringMatching("has ended already: aborted")]);
    letGo("lb12-1.test");
  });

  it("of a cluster that is not there, or not to be rendered, fails with the reason", async () => {
    await bench.cluster(1, { ospf: { key_from: { file: "/nowhere/key" } } });
    const { id } = (await sync()).json;
    await ended(id);
    expect((await job(id)).result.problems).toEqual([{ path: "ospf.key_from.file", text: expect.stringMatching("ENOENT") as string }]);
    expect((await bench.ask("viewer", "GET", "/clusters/cluster1/plan")).status).toBe(422);
    expect((await bench.ask("viewer", "GET", "/clusters/nobody/plan")).status).toBe(404);
  });

  it("goes back to the release before by a rollback", async () => {
    await bench.cluster(1);
    await ended((await sync()).json.id);
    await bench.ask("operator", "PATCH", "/clusters/cluster1/vips/10.3.1.1/ports/80", { body: { persistence_timeout: 60 } });
    await ended((await sync()).json.id);
    const file = join(bench.lbs, "lb11-1.test", "dygw", "current", "vips", "10.3.1.1.conf");
    expect(readFileSync(file, "utf8")).toContain("persistence_timeout 60");
    const back = await bench.ask("operator", "POST", "/clusters/cluster1/rollback", { body: { hosts: ["lb11-1.test"] } });
    await ended(back.json.id);
    expect(await job(back.json.id)).toMatchObject({ kind: "rollback", state: "done", result: { lbs: [{ host: "lb11-1.test", outcome: "rolled back" }] } });
    expect(readFileSync(file, "utf8")).not.toContain("persistence_timeout 60");
  });
});

describe("jobs", () => {
  it("are listed, the newest first, and the oldest are forgotten", async () => {
    await bench.stop();
    await bench.start({ jobs_kept: 10 });
    await bench.cluster(1);
    const ids: string[] = [];
    for (let i = 0; i < 11; i++) {
      const { id } = (await sync({ canary: "stranger.test" })).json;
      await ended(id);
      ids.unshift(id);
    }
    const list = await bench.ask("viewer", "GET", "/jobs?cluster=cluster1");
    expect(list.json.jobs.map(({ id }) => id)).toEqual(ids.slice(0, 10));
    expect((await bench.ask("viewer", "GET", `/jobs/${ids.at(-1) ?? ""}`)).status).toBe(404);
    expect((await bench.ask("viewer", "GET", "/jobs?last=2")).json.jobs).toHaveLength(2);
    expect((await bench.ask("viewer", "GET", "/jobs?cluster=other")).json.jobs).toEqual([]);
  });

  it("are not confused by strange files among them, nor by the end of a line that a kill cut off", async () => {
    await bench.cluster(1);
    const { id } = (await sync({ canary: "stranger.test" })).json;
    await ended(id);
    const folder = join(bench.state, "jobs");
    mkdirSync(join(folder, "x.json"));
    writeFileSync(join(folder, "1700000000000-0011aabb.json"), "{");
    writeFileSync(join(folder, `${id}.ndjson`), `${readFileSync(join(folder, `${id}.ndjson`), "utf8")}{"id":99,"ti`);
    expect((await bench.ask("viewer", "GET", "/jobs")).json.jobs).toHaveLength(1);
    const stream = new Stream(bench.port, id, bench.tokens.viewer);
    await stream.ended;
    expect(stream.told.at(-1)).toBe("end failed");
    expect(stream.events.map((event) => event.id)).toEqual(stream.events.map((_, index) => index + 1));
    expect(readdirSync(folder)).toContain("x.json");
  });

  it("are followed by clients that go away without harm", async () => {
    await bench.cluster(1);
    hold("lb11-1.test");
    const { id } = (await sync()).json;
    const stream = new Stream(bench.port, id, bench.tokens.viewer);
    await until("it has begun", () => stream.events.length > 0);
    stream.close();
    letGo("lb11-1.test");
    await ended(id);
    expect((await job(id)).state).toBe("done");
    expect(bench.log).toEqual([]);
  });
});
