import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Gateway } from "../stand/gateway.ts";
import type { RedisServer } from "../stand/redis.ts";
import { below, shuffled, type Random } from "./random.ts";

export interface Fault {
  readonly name: string;
  /** Whether it ends workers; late in the run none does, so that the last ones grow old. */
  readonly endsWorkers: boolean;
  /** @returns what it did, for the log. */
  readonly inject: () => Promise<string>;
}

const stopMs = 3_000;
const downMs = 1_000;

export function allFaults(gateway: Gateway, redis: RedisServer, random: Random): readonly Fault[] {
  return [
    {
      name: "Redis hangs for 3 s (SIGSTOP)",
      endsWorkers: false,
      inject: async () => {
        redis.program().signal("SIGSTOP");
        await pause(stopMs);
        redis.program().signal("SIGCONT");
        return "";
      },
    },
    {
      name: "Redis is killed and started again",
      endsWorkers: false,
      inject: async () => {
        await redis.program().stop("SIGKILL");
        await pause(downMs);
        await redis.start();
        return "";
      },
    },
    {
      name: "nginx reloads",
      endsWorkers: true,
      inject: () => {
        gateway.signalReload();
        return Promise.resolve("");
      },
    },
    {
      name: "a worker is killed (SIGKILL)",
      endsWorkers: true,
      inject: () => {
        const pids = gateway.workerPids();
        const pid = pids[below(random, pids.length)];
        if (pid !== undefined) {
          process.kill(pid, "SIGKILL");
        }
        return Promise.resolve(`worker ${pid ?? "none"}`);
      },
    },
    { name: "a snapshot file is damaged", endsWorkers: false, inject: () => Promise.resolve(damage(gateway.snapshotFolder, random)) },
    {
      name: "Redis drops the gateway's connections",
      endsWorkers: false,
      inject: async () => {
        const normal = await redis.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        const pubsub = await redis.client.call("CLIENT", "KILL", "TYPE", "pubsub");
        return `${Number(normal) + Number(pubsub)} connections`;
      },
    },
  ];
}

/** Cuts a file off or turns a bit of it. The gateway may be replacing it at this very moment. */
function damage(folder: string, random: Random): string {
  const names = readdirSync(folder).sort();
  const name = names[below(random, names.length)];
  if (name === undefined) {
    return "there is none";
  }
  try {
    const bytes = readFileSync(join(folder, name));
    const at = below(random, Math.max(bytes.length, 1));
    if (random() < 0.5) {
      writeFileSync(join(folder, name), bytes.subarray(0, at));
      return `${name} cut off at ${at}`;
    }
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    writeFileSync(join(folder, name), bytes);
    return `a bit of ${name} at ${at}`;
  } catch {
    return `${name} went away meanwhile`;
  }
}

/** In random order, each before any comes again. */
export function faultOrder(faults: readonly Fault[], random: Random): (endsWorkersToo: boolean) => Fault | undefined {
  let bag: Fault[] = [];
  return (endsWorkersToo) => {
    const usable = (): Fault | undefined => bag.find((fault) => endsWorkersToo || !fault.endsWorkers);
    if (usable() === undefined) {
      bag = [...bag, ...shuffled(random, faults)];
    }
    const chosen = usable();
    bag = bag.filter((fault) => fault !== chosen);
    return chosen;
  };
}
