import { spawn } from "node:child_process";
import { BenchError } from "../settings.ts";
import { backendNames } from "../stand/backend.ts";
import type { Population } from "../population.ts";

export interface Load {
  readonly port: number;
  readonly people: Population;
  readonly connections: number;
  /** Another seed is other users, in another order. */
  readonly seed: number;
  /** How many requests are made up beforehand; then they come again. */
  readonly users: number;
  /** Milliseconds that each connection waits between two requests; 0: as fast as it goes. */
  readonly delayMs?: number;
  /**
   * Turns of an empty loop that wrk takes for each request: about 1 ns each. Where they make wrk's processor the
   * bottleneck, every server gets the same number of requests a second, and none pays for waking up a processor that
   * its own slowness has let fall asleep, which is dearer than all that is measured here (1 µs in a virtual machine).
   */
  readonly turns?: number;
  /** Counts who answered, which costs wrk some of its speed. */
  readonly answers?: boolean;
  readonly cpu: number | undefined;
}

export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Shares of the answers by upstream, 0 to 1; only where they were counted. */
  readonly shares: Readonly<Record<string, number>>;
}

export interface RunningLoad {
  /** wrk starts its requests now. */
  readonly started: Promise<void>;
  /** Ends it early. */
  readonly stop: () => void;
  readonly result: Promise<LoadResult>;
}

const longestSeconds = 900;

/** Runs wrk for so many seconds. */
export function runLoad(load: Load, seconds: number): Promise<LoadResult> {
  return startLoad(load, seconds).result;
}

/** Starts wrk; it ends when it is told to, at last by itself. */
export function startLoad(load: Load, seconds = longestSeconds): RunningLoad {
  const { port, people, connections, seed, users, delayMs = 0, answers = false, turns = 0, cpu } = load;
  const settings = { ...people, count: users, seed, delay: delayMs, answers: answers ? 1 : 0, turns };
  const wrk = [
    ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "-s", "bench/load/requests.lua", `http://127.0.0.1:${port}/feed`, "--"],
    Object.entries(settings).map(([name, value]) => `${name}=${value}`),
  ].flat();
  const [file, args] = cpu === undefined ? ["wrk", wrk] : ["taskset", ["-c", String(cpu), "wrk", ...wrk]];
  // In this process's own group, unlike the servers: a Ctrl-C ends it at once.
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  const killed = (): void => void child.kill("SIGKILL");
  process.once("exit", killed);
  let output = "";
  child.stdout.on("data", (part: Buffer) => (output += part.toString()));
  const started = new Promise<void>((resolve) => {
    child.stderr.on("data", (part: Buffer) => {
      output += part.toString();
      if (output.includes("ready")) {
        resolve();
      }
    });
    child.once("close", () => {
      resolve();
    });
  });
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.once("error", (error) => {
      reject(new BenchError(`wrk cannot be started: ${error.message}`));
    });
    child.once("close", () => {
      process.removeListener("exit", killed);
      const found = parse(output);
      if (found === undefined) {
        reject(new BenchError(`wrk ended without a result:\n${output}`));
      } else {
        resolve(found);
      }
    });
  });
  return { started, result, stop: () => void child.kill("SIGINT") };
}

function parse(output: string): LoadResult | undefined {
  const line = /^RESULT (.*)$/m.exec(output)?.[1];
  if (line === undefined) {
    return undefined;
  }
  const values: Record<string, number> = Object.fromEntries(
    line.split(" ").map((pair) => [pair.slice(0, pair.indexOf("=")), Number(pair.slice(pair.indexOf("=") + 1))]),
  );
  const value = (name: string): number => values[name] ?? 0;
  const answered = backendNames.reduce((sum, name) => sum + value(name), 0);
  return {
    requests: value("requests"),
    failed: value("failed"),
    perSecond: value("requests") / (value("duration") / 1e6),
    p50: value("p50") / 1000,
    p99: value("p99") / 1000,
    max: value("max") / 1000,
    shares: Object.fromEntries(backendNames.map((name) => [name, answered === 0 ? 0 : value(name) / answered])),
  };
}
