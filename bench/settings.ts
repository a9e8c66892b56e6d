/** The parts of `make bench`, in the order in which they run. */
export const sectionNames = [
  "variants",
  "instructions",
  "memory",
  "load",
  "changes",
  "hostkeys",
  "upstreams",
  "upstream_changes",
  "upstream_scale",
  "micro",
  "lvs",
] as const;
export type SectionName = (typeof sectionNames)[number];

export interface BenchSettings {
  /** Interleaved rounds over the variants. */
  readonly rounds: number;
  /** Length of one measurement under load. */
  readonly seconds: number;
  /** Of the table sizes: 1 is a million uids, 10,000 uid ranges, 100,000 IP ranges, 10,000 hostkeys. */
  readonly scale: number;
  readonly only: readonly SectionName[];
  /** The report that is written. */
  readonly results: string;
}

export interface SoakSettings {
  readonly minutes: number;
  readonly seed: number;
  readonly report: string;
}

/** A problem of the person at the keyboard or of the machine: its message is all they need to see. */
export class BenchError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

/** SECONDS arrives as BENCH_SECONDS: bash counts a variable of that name up by itself. */
export function readBenchSettings(env: Environment): BenchSettings {
  return {
    rounds: number(env, "ROUNDS", "ROUNDS", 7, { least: 1, most: 1000, whole: true }),
    seconds: number(env, "BENCH_SECONDS", "SECONDS", 6, { least: 1, most: 600, whole: true }),
    scale: number(env, "SCALE", "SCALE", 1, { least: 0.001, most: 2, whole: false }),
    only: sections(env["ONLY"] ?? ""),
    results: text(env, "RESULTS", "bench/RESULTS.md"),
  };
}

export function readSoakSettings(env: Environment): SoakSettings {
  return {
    minutes: number(env, "MINUTES", "MINUTES", 10, { least: 0.5, most: 10_000, whole: false }),
    seed: number(env, "SEED", "SEED", Math.floor(Math.random() * 2 ** 31), { least: 0, most: 2 ** 31 - 1, whole: true }),
    report: text(env, "RESULTS", "bench/SOAK.md"),
  };
}

function text(env: Environment, name: string, otherwise: string): string {
  const given = env[name] ?? "";
  return given === "" ? otherwise : given;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

function number(env: Environment, variable: string, name: string, otherwise: number, bounds: Bounds): number {
  const given = text(env, variable, String(otherwise));
  const value = Number(given);
  const { least, most, whole } = bounds;
  if (!Number.isFinite(value) || value < least || value > most || (whole && !Number.isInteger(value))) {
    throw new BenchError(`${name}=${given}: a ${whole ? "whole " : ""}number from ${least} to ${most} is wanted`);
  }
  return value;
}

function sections(given: string): readonly SectionName[] {
  const wanted = given.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const known: readonly string[] = sectionNames;
  const stranger = wanted.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new BenchError(`ONLY=${given}: there is no '${stranger}'; there are ${sectionNames.join(", ")}`);
  }
  return wanted.length === 0 ? sectionNames : sectionNames.filter((name) => wanted.includes(name));
}
