import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../spec/e2e/support/until.ts";
import { ask } from "./http.ts";

/**
 * `stalls`: how long the event loop was held up, and which compiled runtimes were replaced. `counts`: timers and
 * memory, once a second, and nothing that would itself be a load.
 */
export type ProbeKind = "stalls" | "counts";

/** What one worker's probe says; all keys are numbers. */
export type ProbeValues = Readonly<Record<string, number>>;

const patience = 10_000;

/** Asks probe.lua, which runs inside the workers of a gateway. */
export class Probe {
  /** An nginx file for the http level. */
  readonly include: string;
  private readonly port: number;
  private commands = 0;

  constructor(include: string, port: number) {
    this.include = include;
    this.port = port;
  }

  /** The values of each worker by its pid; also those of workers that are gone. */
  async read(): Promise<ReadonlyMap<number, ProbeValues>> {
    const { text } = await ask(this.port, { path: "/read" });
    const workers = new Map<number, Record<string, number>>();
    for (const line of text.trim().split("\n")) {
      const [pid = "", key = "", value = ""] = line.split(" ");
      const values = workers.get(Number(pid)) ?? {};
      values[key] = Number(value);
      workers.set(Number(pid), values);
    }
    return workers;
  }

  /** Has these workers do something, and waits until they have: `reset` the stalls, `mark` or `compare` the runtimes. */
  async command(verb: "reset" | "mark" | "compare", pids: readonly number[]): Promise<ReadonlyMap<number, ProbeValues>> {
    this.commands++;
    const number = this.commands;
    await ask(this.port, { path: `/command?number=${number}&verb=${verb}` });
    await until(`every worker has done '${verb}'`, async () => {
      const seen = await this.read();
      return pids.every((pid) => seen.get(pid)?.["command"] === number);
    }, patience);
    // That reading may have begun before a worker was done.
    return this.read();
  }
}

/** Puts the Lua file where nginx finds it, and writes the nginx file that the configuration has to include. */
export function installProbe(prefix: string, folder: string, port: number): Probe {
  copyFileSync("bench/stand/probe.lua", join(prefix, "bench_probe.lua"));
  const include = join(folder, "probe.conf");
  const text = `lua_shared_dict bench 4m;
server {
    listen 127.0.0.1:${port};
    location = /read { content_by_lua_block { require("bench_probe").read() } }
    location = /command { content_by_lua_block { require("bench_probe").command() } }
}
`;
  writeFileSync(include, text);
  return new Probe(include, port);
}
