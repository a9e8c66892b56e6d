import { setTimeout as pause } from "node:timers/promises";
import { population } from "../population.ts";
import type { Bench } from "../report/section.ts";
import type { Gateway } from "../stand/gateway.ts";
import { startLoad, type Load, type LoadResult } from "./wrk.ts";

/** What happened while something else was done. */
export interface Observed {
  readonly seconds: number;
  readonly load: LoadResult;
  /** The longest time, in milliseconds, that a worker's event loop was away by the clock… */
  readonly stallWall: number;
  /** …and the CPU time it worked in one go. */
  readonly stallCpu: number;
}

/** A request that comes within this time of the end still counts as concurrent. */
const tailMs = 100;

/** A steady stream of about two thousand requests a second, which leaves the machine room for what is measured. */
export function steadyLoad(bench: Bench, gateway: Gateway): Load {
  const people = population(bench.settings.scale);
  return { port: gateway.port, people, connections: 16, delayMs: 8, seed: 3, users: 20_000, cpu: undefined };
}

/** Does some work while a gateway with the probe `stalls` is under a load. */
export async function observe(gateway: Gateway, load: Load, work: () => Promise<unknown>): Promise<Observed> {
  // What was done before has left behind what is its own affair.
  await gateway.idle();
  const pids = gateway.workerPids();
  await gateway.probe?.command("reset", pids);
  const running = startLoad(load);
  try {
    await running.started;
    const started = performance.now();
    await work();
    const seconds = (performance.now() - started) / 1000;
    await pause(tailMs);
    const seen = (await gateway.probe?.read()) ?? new Map<number, Record<string, number>>();
    const longest = (key: string): number => Math.max(...pids.map((pid) => seen.get(pid)?.[key] ?? NaN));
    running.stop();
    return { seconds, load: await running.result, stallWall: longest("stall_wall"), stallCpu: longest("stall_cpu") };
  } finally {
    running.stop();
    await running.result.catch(() => undefined);
  }
}
