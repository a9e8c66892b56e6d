import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { until } from "../../spec/e2e/support/until.ts";
import { target, type Bench, type SectionReport } from "../report/section.ts";
import { milliseconds, seconds, table } from "../report/table.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { percentile } from "../statistics.ts";
import { prepareGateway, type Gateway } from "../stand/gateway.ts";
import { ask } from "../stand/http.ts";

const workers = 4;
const changes = 50;
const storePrefix = "bench:hostkeys";
const hostOf = (index: number): string => `h${index}.bench.test`;
/** Policies beyond those in force, for the changes. */
const spare = 10;

/** Ten thousand hostnames, each with a runtime and a policy of its own. */
export async function measureHostkeys(bench: Bench): Promise<SectionReport> {
  const count = Math.max(100, Math.round(10_000 * bench.settings.scale));
  await fill(bench.redis.client, count);
  say(`${count} runtimes are in Redis`);
  const gateway = await prepareGateway(bench.site, { name: "hostkeys", storePrefix, workers, hostkey: "$host", probe: "stalls" });

  const fromRedis = await start(gateway, count);
  await saved(gateway, count);
  await gateway.stop();
  const fromBoth = await start(gateway, count);
  await saved(gateway, count);
  await gateway.stop();
  const away = `${bench.redis.socket}.away`;
  renameSync(bench.redis.socket, away);
  let fromSnapshot: Start;
  try {
    fromSnapshot = await start(gateway, count);
    await gateway.stop();
  } finally {
    renameSync(away, bench.redis.socket);
  }
  await start(gateway, count);
  await gateway.ready();
  await gateway.idle();
  const change = await changeOne(gateway, count);
  const times = await changeMany(gateway, count);
  await gateway.stop();
  return report(count, { fromSnapshot, fromBoth, fromRedis }, change, times);
}

interface Start {
  /** Seconds from the start of nginx to the first right answer, and until each worker had given one. */
  readonly first: number;
  readonly all: number;
}

interface Change {
  readonly milliseconds: number;
  /** The most that any worker did. */
  readonly replaced: number;
  readonly recompiled: number;
  readonly stallCpu: number;
}

/** Writes straight into Redis, in the layout that every earlier tool writes. */
async function fill(client: Redis, count: number): Promise<void> {
  const page = 500;
  const policies = `${storePrefix}:policies`;
  for (let from = 0; from < count + spare; from += page) {
    const pipeline = client.pipeline();
    for (let id = from; id < Math.min(from + page, count + spare); id++) {
      pipeline.set(`${policies}:${id}:divtype`, "uidsuffix");
      pipeline.hset(`${policies}:${id}:divdata`, { [id % 10]: id < count ? "beta1" : "beta2" });
      if (id < count) {
        const runtime = `${storePrefix}:runtimeInfo:${hostOf(id)}`;
        pipeline.set(`${runtime}:first:divModulename`, "abtesting.diversion.uidsuffix");
        pipeline.set(`${runtime}:first:divDataKey`, `${policies}:${id}:divdata`);
        pipeline.set(`${runtime}:first:userInfoModulename`, "abtesting.userinfo.uidParser");
        pipeline.set(`${runtime}:divsteps`, "1");
      }
    }
    const failed = (await pipeline.exec())?.find(([error]) => error !== null);
    if (failed !== undefined) {
      throw new BenchError(`Redis refused: ${String(failed[0])}`);
    }
  }
  await client.set(`${policies}:idCount`, String(count + spare - 1));
}

async function start(gateway: Gateway, count: number): Promise<Start> {
  const started = performance.now();
  const since = (): number => (performance.now() - started) / 1000;
  await gateway.launch();
  await until("the last runtime is served", async () => (await askAs(gateway, count - 1)).backend === "beta1", 60_000);
  const first = since();
  const right = new Set<string>();
  await until("each worker serves it", async () => {
    // Each on a connection of its own: the kernel spreads them over the workers.
    const answers = await Promise.all(Array.from({ length: 16 }, () => askAs(gateway, count - 1)));
    for (const { backend, worker } of answers) {
      if (backend === "beta1") {
        right.add(worker);
      }
    }
    return right.size === workers;
  }, 60_000);
  const all = since();
  say(`${count} runtimes: first right answer after ${first.toFixed(2)} s, every worker after ${all.toFixed(2)} s`);
  return { first, all };
}

async function askAs(gateway: Gateway, index: number): Promise<{ readonly backend: string; readonly worker: string }> {
  const answer = await ask(gateway.port, { headers: { Host: hostOf(index), "X-Uid": `4${index % 10}` } });
  return { backend: String(answer.headers["x-backend"]), worker: String(answer.headers["x-worker"]) };
}

async function saved(gateway: Gateway, count: number): Promise<void> {
  const file = join(gateway.snapshotFolder, "state");
  await until("the snapshot holds them all", () => {
    const lines = existsSync(file) ? Number(readFileSync(file, "utf8").split("\n", 1)[0]?.split(" ").at(-1)) : 0;
    return lines === count + 1;
  }, 60_000);
}

/** Changes one of them, and looks inside every worker at what else was touched. */
async function changeOne(gateway: Gateway, count: number): Promise<Change> {
  const pids = gateway.workerPids();
  await gateway.probe?.command("mark", pids);
  const set = await gateway.done("runtime_set", { hostname: hostOf(Math.floor(count / 2)), policyid: count });
  const stalls = (await gateway.probe?.read()) ?? new Map<number, Record<string, number>>();
  const seen = (await gateway.probe?.command("compare", pids)) ?? stalls;
  const most = (values: typeof stalls, key: string): number => Math.max(...pids.map((pid) => values.get(pid)?.[key] ?? NaN));
  const change = { milliseconds: set.milliseconds, replaced: most(seen, "replaced"), recompiled: most(seen, "recompiled"), stallCpu: most(stalls, "stall_cpu") };
  say(`a change of one: ${milliseconds(change.milliseconds)}, ${change.replaced} runtime replaced in each worker`);
  return change;
}

async function changeMany(gateway: Gateway, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let turn = 0; turn < changes; turn++) {
    const index = (turn * 7919) % count;
    const set = await gateway.done("runtime_set", { hostname: hostOf(index), policyid: count + (turn % spare) });
    times.push(set.milliseconds);
  }
  return times;
}

function report(count: number, starts: Readonly<Record<"fromSnapshot" | "fromBoth" | "fromRedis", Start>>, change: Change, times: number[]): SectionReport {
  const row = (what: string, { first, all }: Start): string[] => [what, first.toFixed(2), all.toFixed(2)];
  const p = (share: number): string => milliseconds(percentile(times, share));
  const worst = Math.max(...Object.values(starts).map(({ all }) => all));
  const others = Math.max(change.replaced, change.recompiled) - 1;
  return {
    title: `${count.toLocaleString("en-US")} hostkeys with a runtime each`,
    method:
      `${workers} workers; each hostkey has a policy of its own. Seconds from the start of nginx to the first right answer for the last ` +
      "of them, and until every worker had given one. A change is runtime_set, from the call until all workers have it. What it " +
      "touched was counted inside the workers, by comparing the compiled objects before and after.",
    tables: [
      table(["start", "first answer", "every worker"], [
        row("from the snapshot, Redis is away", starts.fromSnapshot),
        row("from the snapshot, Redis is there", starts.fromBoth),
        row("from Redis, no snapshot", starts.fromRedis),
      ]),
      `A change of one: ${p(0.5)} median, ${p(0.99)} p99 of ${times.length}; in each worker ${change.replaced} runtime replaced, ` +
        `${change.recompiled} matcher compiled, longest stop ${milliseconds(change.stallCpu)}.`,
    ],
    targets: [
      target("start within 3 s, whatever from", worst, 3, seconds),
      { wanted: "a change of one touches only that one", measured: `${others} others touched`, ratio: others === 0 ? 0 : Infinity },
    ],
  };
}
