import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { BenchError } from "../settings.ts";

export interface ProgramSpec {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The CPU it is to stay on; anywhere where this is not given or `taskset` is missing. */
  readonly cpu?: number | undefined;
}

export interface Program {
  readonly pid: number;
  readonly isRunning: () => boolean;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Ends it, at last by force, and waits until it has. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

const patience = 10_000;
const outputTail = 1500;

/** A folder and the programs that run in it. All of them end, and the folder goes, whatever happens. */
export class Stand {
  readonly folder = mkdtempSync(join(tmpdir(), "dygateway-bench-"));
  private readonly running = new Set<ChildProcess>();
  private stopping = false;

  constructor() {
    // nginx's workers are another user's processes.
    chmodSync(this.folder, 0o755);
    process.once("exit", () => {
      this.endNow();
    });
  }

  get outputs(): string {
    return join(this.folder, "output.log");
  }

  /** The end of what the programs printed, to be shown with a failure. */
  outputEnd(): string {
    try {
      return readFileSync(this.outputs, "utf8").slice(-outputTail);
    } catch {
      return "";
    }
  }

  /** Installs what was built, so that a later build does not change what is measured. */
  install(): string {
    const prefix = join(this.folder, "prefix");
    execFileSync("scripts/install", [prefix], { stdio: ["ignore", "ignore", "inherit"] });
    return prefix;
  }

  /** In a session of its own: a Ctrl-C reaches only this process, which ends its programs in order. */
  async start({ name, file, args, cpu }: ProgramSpec): Promise<Program> {
    if (this.stopping) {
      throw new BenchError("stopped");
    }
    const output = openSync(this.outputs, "a");
    const command = pinned(file, args, cpu);
    const child = spawn(command.file, command.args, { detached: true, stdio: ["ignore", output, output] });
    closeSync(output);
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => {
        this.running.delete(child);
        resolve();
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => {
        reject(new BenchError(`${name} cannot be started: ${error.message}`));
      });
    });
    this.running.add(child);
    return {
      pid: child.pid ?? -1,
      isRunning: () => this.running.has(child),
      signal: (signal) => {
        child.kill(signal);
      },
      stop: async (signal = "SIGTERM") => {
        if (!this.running.has(child)) {
          return;
        }
        child.kill("SIGCONT");
        child.kill(signal);
        const force = setTimeout(() => child.kill("SIGKILL"), patience);
        await ended;
        clearTimeout(force);
      },
    };
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const children = [...this.running].reverse();
    for (const child of children) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), patience);
      await ended;
      clearTimeout(force);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The last resort, when this process ends at once: nginx's workers end with their master on SIGTERM. */
  private endNow(): void {
    for (const child of this.running) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Pinning {
  /** For the worker that is measured; nothing else runs there. */
  readonly gateway: number | undefined;
  readonly load: number | undefined;
  readonly backend: number | undefined;
  readonly description: string;
}

/** Which CPU each of the three has. */
export function pinning(): Pinning {
  const cpus = availableParallelism();
  if (cpus < 2 || !hasTaskset()) {
    const description = cpus < 2 ? "not pinned: there is one CPU for all" : "not pinned: there is no taskset";
    return { gateway: undefined, load: undefined, backend: undefined, description };
  }
  const backend = cpus > 2 ? 2 : 1;
  return { gateway: 0, load: 1, backend, description: `worker on CPU 0, wrk on CPU 1, backend on CPU ${backend}` };
}

function pinned(file: string, args: readonly string[], cpu: number | undefined): { readonly file: string; readonly args: string[] } {
  return cpu === undefined || !hasTaskset() ? { file, args: [...args] } : { file: "taskset", args: ["-c", String(cpu), file, ...args] };
}

let taskset: boolean | undefined;
function hasTaskset(): boolean {
  if (taskset === undefined) {
    try {
      execFileSync("taskset", ["-c", "0", "true"], { stdio: "ignore" });
      taskset = true;
    } catch {
      taskset = false;
    }
  }
  return taskset;
}
