import { readdirSync } from "node:fs";
import type { Gateway } from "../stand/gateway.ts";
import { descriptorsOf, machineCodeOf, memoryOf } from "../stand/process_facts.ts";
import type { RedisServer } from "../stand/redis.ts";
import { slope } from "../statistics.ts";

/** What must not grow, at one moment. */
export interface Sample {
  /** Minutes since the start. */
  readonly minute: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Of one quantity over a part of the run. */
export interface Trend {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly most: number;
  /** For a minute. */
  readonly slope: number;
}

/** A mean over the workers, or the most of any of them. */
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const most = (values: readonly number[]): number => Math.max(...values);

/** Takes one sample. A part that cannot be had at this moment, because Redis is down, is left out. */
export async function takeSample(gateway: Gateway, redis: RedisServer, minute: number): Promise<Sample> {
  const values: Record<string, number> = {};
  const pids = gateway.workerPids();
  const memories = pids.flatMap((pid) => memoryOf(pid) ?? []);
  if (memories.length > 0) {
    values["RSS of a worker, MB"] = mean(memories.map(({ resident }) => resident)) / 1e6;
    values["own memory of a worker, MB"] = mean(memories.map(({ anonymous }) => anonymous)) / 1e6;
    values["of that machine code, MB"] = mean(pids.flatMap((pid) => machineCodeOf(pid) ?? [])) / 1e6;
    values["descriptors of a worker, most"] = most(pids.flatMap((pid) => descriptorsOf(pid) ?? []));
  }
  const agent = gateway.agentPid();
  const agentMemory = agent === undefined ? undefined : memoryOf(agent);
  const agentDescriptors = agent === undefined ? undefined : descriptorsOf(agent);
  if (agentMemory !== undefined && agentDescriptors !== undefined) {
    values["RSS of the agent, MB"] = agentMemory.resident / 1e6;
    values["descriptors of the agent"] = agentDescriptors;
  }
  try {
    const probed = (await gateway.probe?.read()) ?? new Map<number, Record<string, number>>();
    const seen = pids.map((pid) => probed.get(pid)).filter((one) => one !== undefined);
    const each = (key: string): number[] => seen.map((one) => one[key]).filter((value) => value !== undefined);
    if (seen.length > 0) {
      values["timers running, most"] = most(each("timers_running"));
      values["timers pending, most"] = most(each("timers_pending"));
      values["Lua memory of a worker, MB"] = mean(each("lua_bytes")) / 1e6;
      values["free in the shared dict, MB"] = mean(each("dict_free")) / 1e6;
    }
  } catch {
    // the worker that was asked has just been killed
  }
  try {
    const [memory, clients] = await Promise.all([redis.client.info("memory"), redis.client.info("clients")]);
    values["memory of Redis, MB"] = Number(/^used_memory:(\d+)/m.exec(memory)?.[1]) / 1e6;
    values["connections to Redis"] = Number(/^connected_clients:(\d+)/m.exec(clients)?.[1]);
  } catch {
    // it hangs or is down, as it is meant to
  }
  values["files in the snapshot folder"] = readdirSync(gateway.snapshotFolder).length;
  return { minute, values };
}

/** @param from the minute at which the part begins. */
export function trends(samples: readonly Sample[], from: number): Trend[] {
  const part = samples.filter(({ minute }) => minute >= from);
  const names = [...new Set(part.flatMap(({ values }) => Object.keys(values)))];
  return names.map((name) => {
    const points = part.flatMap(({ minute, values }) => {
      const value = values[name];
      return value === undefined ? [] : [[minute, value] as const];
    });
    const values = points.map(([, value]) => value);
    return { name, first: values[0] ?? NaN, last: values.at(-1) ?? NaN, most: most(values), slope: slope(points) };
  });
}

/** How much a quantity may grow over a part of the run and still count as flat: a share of what it was first, or so many. */
const allowed: Readonly<Record<string, { readonly share?: number; readonly count?: number }>> = {
  "RSS of a worker, MB": { share: 0.1 },
  "own memory of a worker, MB": { share: 0.1 },
  "descriptors of a worker, most": { count: 10 },
  "RSS of the agent, MB": { share: 0.1 },
  "descriptors of the agent": { count: 10 },
  "timers running, most": { count: 1 },
  "timers pending, most": { count: 1 },
  // The collector's saw.
  "Lua memory of a worker, MB": { share: 0.25 },
  "memory of Redis, MB": { share: 0.1 },
  "connections to Redis": { count: 3 },
  "files in the snapshot folder": { count: 2 },
};

/** What grows over a part of the run, by its slope: one high sample is none. @param minutes how long the part is. */
export function growing(part: readonly Trend[], minutes: number): string[] {
  return part.flatMap(({ name, first, slope: perMinute }) => {
    const { share = 0, count = 0 } = allowed[name] ?? { count: Infinity };
    const growth = perMinute * minutes;
    return growth > Math.max(share * first, count) ? [`${name}: ${growth.toFixed(1)} more in ${minutes.toFixed(1)} minutes, from ${first.toFixed(1)}`] : [];
  });
}
