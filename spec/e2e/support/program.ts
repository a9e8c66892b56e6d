import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";

const STOP_MS = 5000;
const running = new Set<ChildProcess>();

/** Whatever ends the test run ends the programs as well; nginx's workers end with their master on SIGTERM. */
function endAll(): void {
  for (const child of running) {
    child.kill("SIGTERM");
  }
}
process.once("exit", endAll);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    endAll();
    process.exit(1);
  });
}

/** A server that a test has started in the foreground. */
export interface Program {
  readonly pid: number;
  readonly isRunning: () => boolean;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Ends it, at last by force, and waits until it has. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

/** @param output file that takes what it prints. */
export function startProgram(file: string, args: readonly string[], output: string): Program {
  const log = openSync(output, "a");
  const child = spawn(file, args, { stdio: ["ignore", log, log] });
  closeSync(log);
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      running.delete(child);
      resolve();
    };
    child.once("exit", end);
    child.once("error", end);
  });
  const isRunning = (): boolean => running.has(child);
  return {
    pid: child.pid ?? -1,
    isRunning,
    signal: (signal) => {
      child.kill(signal);
    },
    stop: async (signal = "SIGTERM") => {
      if (!isRunning()) {
        return;
      }
      child.kill(signal);
      const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(force);
    },
  };
}
