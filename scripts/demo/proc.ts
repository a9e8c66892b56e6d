import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** What /proc says of processes; a machine may have no `ps`. A process may end at any moment: then there is no answer. */

export interface ProcessFacts {
  readonly pid: number;
  readonly session: number;
  /** In clock ticks since boot: with the pid it names one process and no later one. */
  readonly startTime: number;
}

export function processIds(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

export function factsOf(pid: number): ProcessFacts | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The name in parentheses may itself hold spaces and parentheses; the fields after it are numbers.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, , , session] = fields;
  if (stat === "" || state === undefined || state === "Z" || state === "X") {
    return undefined;
  }
  return { pid, session: Number(session), startTime: Number(fields[19]) };
}

/** The command line; a program may have rewritten it, as nginx does. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

export function socketInodesOf(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(link(`${directory}/${fd}`))?.[1] ?? []);
  } catch {
    return [];
  }
}

/** Changes at every boot: pids of before mean nothing after it. */
export function bootId(): string {
  return read("/proc/sys/kernel/random/boot_id").trim();
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
