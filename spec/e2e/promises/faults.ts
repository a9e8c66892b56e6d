import { readFileSync } from "node:fs";
import { WORKERS, type Cluster } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { upToDate, type NodeStatus } from "../support/up_to_date.ts";

export interface WorkerStatus {
  readonly id: number;
  readonly pid: number;
  readonly revision: number;
  readonly alive: boolean;
  readonly leader: boolean;
  readonly broken_levels: number;
}

export async function workersOf(cluster: Cluster): Promise<WorkerStatus[]> {
  const { data } = await cluster.done("status");
  return data.workers as WorkerStatus[];
}

/** One that leads, or one that follows. */
export async function oneWorker(cluster: Cluster, leads: boolean): Promise<WorkerStatus> {
  const found = (await workersOf(cluster)).find(({ leader, alive }) => leader === leads && alive);
  if (found === undefined) {
    throw new Error(`no worker ${leads ? "leads" : "follows"}`);
  }
  return found;
}

/** A worker that goes on after it was stopped is soon where the others are; only then is it asked again. */
export async function hasCaughtUp(cluster: Cluster, pid: number): Promise<void> {
  await until("the worker has caught up", async () => {
    const { revision, workers } = (await cluster.done("status")).data;
    const all = workers as WorkerStatus[];
    const isWhole = all.every((worker) => worker.alive && worker.revision === revision);
    return isWhole && all.some((worker) => worker.pid === pid) && all.filter(({ leader }) => leader).length === 1;
  }, 10_000);
}

export async function everyWorkerIsUpToDate(cluster: Cluster): Promise<void> {
  await until("every worker is up to date", async () => upToDate((await cluster.done("status")).data as NodeStatus).length === WORKERS);
}

export async function redisPid(cluster: Cluster): Promise<number> {
  const pid = /process_id:(\d+)/.exec(await cluster.redis.client.info("server"))?.[1];
  return Number(pid ?? -1);
}

/** Freezes a process while something is done; whatever comes of that, it goes on afterwards. */
export async function whileFrozen<T>(pid: number, work: () => Promise<T>): Promise<T> {
  process.kill(pid, "SIGSTOP");
  try {
    // Until it has stopped it may still be given a connection, which nobody would take over.
    await until("it has stopped", () => / T /.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
    return await work();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

export async function storeIs(cluster: Cluster, isReachable: boolean): Promise<void> {
  await until(`the store is ${isReachable ? "reachable" : "not reachable"}`, async () => {
    const { store } = (await cluster.done("status")).data;
    return store.reachable === isReachable && (store.problem === "") === isReachable;
  }, 20_000);
}

export async function lossIs(cluster: Cluster, isKnown: boolean): Promise<void> {
  await until(`the loss is ${isKnown ? "noticed" : "over"}`, async () => {
    const { store } = (await cluster.done("status")).data;
    return store.lost === isKnown && (isKnown || store.problem === "");
  }, 15_000);
}

/** What is in force is also what lies on disk. */
export async function snapshotIsSaved(cluster: Cluster): Promise<void> {
  await until("the snapshot on disk is up to date", async () => {
    const { data } = await cluster.done("status");
    return data.snapshot.current === true;
  }, 15_000);
}

/** Lines of the error log that came since `before`, which is an earlier log. */
export function linesSince(cluster: Cluster, before: string): string[] {
  return cluster.gateway.errorLog().slice(before.length).split("\n").filter((line) => line !== "");
}

/** Points a hostname's levels at other policies, as somebody does by hand. */
export async function writeLevels(cluster: Cluster, host: string, policies: readonly number[]): Promise<void> {
  const keys = ["first", "second", "third"].map((nth) => `ab:test:runtimeInfo:${host}:${nth}:divDataKey`);
  await cluster.redis.client.mset(keys.flatMap((key, i) => [key, `ab:test:policies:${policies[i] ?? -1}:divdata`]));
}
