import { readdirSync, readFileSync } from "node:fs";

/** What /proc says of a process. A process may end at any moment: then the answer is undefined. */

/** Time on a CPU so far, user and system together, in nanoseconds. */
export function cpuNanoseconds(pid: number): number | undefined {
  // The scheduler's own count; /proc/PID/stat has the same sum of utime and stime, rounded to 10 ms.
  const precise = Number(read(`/proc/${pid}/schedstat`)?.split(" ")[0]);
  if (precise > 0) {
    return precise;
  }
  const fields = statFields(pid);
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * 10_000_000;
}

export function isAlive(pid: number): boolean {
  const state = statFields(pid)?.[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** The living children of a process: the workers of an nginx. */
export function childrenOf(pid: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((child) => Number(statFields(child)?.[1]) === pid && isAlive(child)).sort((a, b) => a - b);
}

/** What a process calls itself: nginx's say what they are. "" where it is gone. */
export function titleOf(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ").trim();
}

export function descriptorsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

/** Bytes. */
export interface Memory {
  /** Everything mapped and present, pages of the shared dict included. */
  readonly resident: number;
  /** The same with each shared page divided by those who share it. */
  readonly proportional: number;
  /** What belongs to no file and no shared dict: the process's own, but for pages not yet written since the fork. */
  readonly anonymous: number;
  /** The most that was ever resident. */
  readonly peak: number;
}

export function memoryOf(pid: number): Memory | undefined {
  const maps = read(`/proc/${pid}/smaps_rollup`);
  const status = read(`/proc/${pid}/status`);
  if (maps === undefined || status === undefined) {
    return undefined;
  }
  const field = (text: string, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024;
  return {
    resident: field(maps, "Rss"),
    proportional: field(maps, "Pss"),
    anonymous: field(maps, "Anonymous"),
    peak: field(status, "VmHWM"),
  };
}

/** Bytes of machine code that LuaJIT has made: what can be executed and comes from no file. */
export function machineCodeOf(pid: number): number | undefined {
  const maps = read(`/proc/${pid}/smaps`);
  const compiled = maps?.matchAll(/^[0-9a-f]+-[0-9a-f]+ r-xp 00000000 00:00 0 *\nSize: .*\n(?:(?!Rss:).*\n)*?Rss: +(\d+) kB/gm);
  return compiled === undefined ? undefined : [...compiled].reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0) * 1024;
}

/** The fields of /proc/PID/stat from the third on, which is the state; the name before them may hold anything. */
function statFields(pid: number): readonly string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
