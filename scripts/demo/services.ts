import { spawn } from "node:child_process";
import { openSync, closeSync, readFileSync } from "node:fs";
import { bootId, commandOf, factsOf, processIds } from "./proc.ts";
import { DemoError } from "./settings.ts";
import { until } from "./until.ts";

/** A program of the demo, as it is written down for a later `make stop`. It leads a session of its own. */
export interface Service {
  readonly name: string;
  readonly pid: number;
  readonly startTime: number;
  readonly boot: string;
  readonly log: string;
  /** Part of its command line. */
  readonly command: string;
}

export interface RunningService extends Service {
  /** Settles when it ends, with how. */
  readonly ended: Promise<string>;
  /** How it ended; undefined while it runs. */
  readonly ending: () => string | undefined;
  /** Lets this process end before the service does. */
  readonly letGo: () => void;
}

export interface Program {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** What it prints goes here. */
  readonly output: string;
  /** What to show when it fails. */
  readonly log: string;
  readonly command: string;
}

/**
 * Starts a program in a session of its own: a Ctrl-C then reaches only the demo, which stops its programs in order,
 * and all processes that a program forks can be found by their session.
 */
export async function startService(program: Program): Promise<RunningService> {
  const output = openSync(program.output, "a");
  const child = spawn(program.file, program.args, { detached: true, stdio: ["ignore", output, output] });
  closeSync(output);
  let ending: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      ending = signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`;
      resolve(ending);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => {
      reject(new DemoError(`${program.name} cannot be started: ${error.message}`));
    });
  });
  const pid = child.pid ?? 0;
  const { name, log, command } = program;
  return {
    ...{ name, pid, startTime: factsOf(pid)?.startTime ?? 0, boot: bootId(), log, command },
    ended,
    ending: () => ending,
    letGo: () => {
      child.unref();
    },
  };
}

/** The processes of a service that are alive now; never those of anybody else who got its pid later. */
export function aliveProcesses(service: Service): number[] {
  if (service.boot !== bootId()) {
    return [];
  }
  const leader = factsOf(service.pid);
  if (leader !== undefined && leader.startTime !== service.startTime) {
    return [];
  }
  return processIds().filter((pid) => {
    const facts = factsOf(pid);
    return (
      facts?.session === service.pid && facts.startTime >= service.startTime && commandOf(pid).includes(service.command)
    );
  });
}

/** Asks it to end, and after five seconds makes it. */
export async function stopService(service: Service): Promise<void> {
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const pid of aliveProcesses(service)) {
      try {
        process.kill(pid, signal);
      } catch {
        // it ended by itself in between
      }
    }
  };
  const gone = (): boolean => aliveProcesses(service).length === 0;
  signalAll("SIGTERM");
  if (!(await until(gone, 5_000))) {
    signalAll("SIGKILL");
    if (!(await until(gone, 2_000))) {
      throw new DemoError(`${service.name} (process ${service.pid}) does not end`);
    }
  }
}

/** The last lines of a service's log, for a message. */
export function tailOf(log: string): string {
  try {
    const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-12);
    return `${log} ends with:\n${lines.map((line) => `    ${line}`).join("\n")}`;
  } catch {
    return `there is no ${log}`;
  }
}
