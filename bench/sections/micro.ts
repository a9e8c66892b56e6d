import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Bench, SectionReport } from "../report/section.ts";
import { table } from "../report/table.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { median } from "../statistics.ts";

interface Case {
  readonly number: number;
  readonly label: string;
  readonly sizes: readonly number[];
}

interface Measured {
  readonly size: number;
  /** Nanoseconds. */
  readonly hit: number;
  /** 0 where nothing can miss. */
  readonly miss: number;
  readonly loop: number;
  /** Milliseconds. */
  readonly build: number;
  readonly bytes: number;
  /** The share of a hit's time that ran as machine code, in percent. */
  readonly compiled: number;
  /** What LuaJIT gave up, with how often. */
  readonly aborts: ReadonlyMap<string, number>;
}

const mostMs = 120_000;
/** Reasons that are listed for each matcher. */
const mostAborts = 5;

/** Nanoseconds for a look-up, matcher by matcher, in LuaJIT alone. */
export function measureMicro(bench: Bench): Promise<SectionReport> {
  const most = 1_000_000 * bench.settings.scale;
  const rows: string[][] = [];
  const builds: string[][] = [];
  const aborts: string[] = [];
  const loops: number[] = [];
  const sizes = [10, 100, 1000, 10_000, 100_000, 1_000_000].filter((size) => size <= Math.max(most, 100));
  for (const one of listCases(bench)) {
    const measured = one.sizes.filter((size) => size <= Math.max(most, 100)).map((size) => measure(bench, one, size));
    const cell = (size: number): string => {
      // The one matcher with a size of its own stands in the first column.
      const found = measured.find((candidate) => candidate.size === size || (measured.length === 1 && size === sizes[0]));
      return found === undefined ? "" : found.miss === 0 ? found.hit.toFixed(0) : `${found.hit.toFixed(0)}/${found.miss.toFixed(0)}`;
    };
    rows.push([one.label, ...sizes.map(cell)]);
    const largest = measured.at(-1);
    if (largest !== undefined) {
      const { size, build, bytes, compiled } = largest;
      builds.push([one.label, size.toLocaleString("en-US"), build.toFixed(1), size < 1000 ? "" : (bytes / size).toFixed(1), `${compiled.toFixed(0)} %`]);
      loops.push(largest.loop);
    }
    aborts.push(...abortsOf(one, measured));
    say(`${one.label}: ${measured.map(({ size, hit, miss }) => `${size}: ${hit.toFixed(0)}/${miss.toFixed(0)} ns`).join(", ")}`);
  }
  return Promise.resolve({
    title: "Look-ups of each matcher",
    method:
      "LuaJIT alone, a process for each cell; nanoseconds of CPU for one look-up, hit/miss, one after the other over 65,536 " +
      `userinfos in no order (the median of 5 runs). The loop around it, ${median(loops).toFixed(1)} ns, is in each figure. \`uidsuffix\` has ` +
      "five rules; `uid texts` is `uidappoint` with uids that are no numbers; `three levels` is a whole decision with so many uids, a hundredth of it uid ranges and a tenth IP ranges, a " +
      "quarter of the users hitting each level. `compiled` is the share of samples in machine code and not in LuaJIT's " +
      "interpreter. Outside nginx `percent` computes its hash in Lua; inside, nginx does (see core/native.ts).",
    tables: [
      table(["matcher", ...sizes.map((size) => size.toLocaleString("en-US"))], rows),
      table(["largest table", "rules", "ms to compile", "bytes a rule", "compiled"], builds),
      aborts.length === 0 ? "LuaJIT gave up no trace during these look-ups." : `Traces that LuaJIT gave up during these look-ups:\n${aborts.join("\n")}`,
    ],
    targets: [],
  });
}

function luajit(bench: Bench, args: readonly string[]): string {
  const path = `${bench.site.prefix}/?.lua;;`;
  try {
    return execFileSync("luajit", ["bench/micro/run.lua", ...args], {
      encoding: "utf8",
      timeout: mostMs,
      env: { ...process.env, LUA_PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    throw new BenchError(`luajit bench/micro/run.lua ${args.join(" ")}: ${(error as { stderr?: string }).stderr ?? String(error)}`);
  }
}

function listCases(bench: Bench): Case[] {
  const lines = luajit(bench, ["list"]).trim().split("\n");
  return lines.map((line) => {
    const [number = "", label = "", sizes = ""] = line.split("\t");
    return { number: Number(number), label, sizes: sizes.split(",").map(Number) };
  });
}

function measure(bench: Bench, one: Case, size: number): Measured {
  const traces = join(bench.site.stand.folder, `traces-${one.number}-${size}`);
  const output = luajit(bench, [String(one.number), String(size)]);
  // Once more with the traces written down and a profile taken, which takes time of its own.
  const observed = luajit(bench, [String(one.number), String(size), traces]);
  const value = (name: string, text = output): number => Number(new RegExp(`\\b${name}=([\\d.]+)`).exec(text)?.[1] ?? NaN);
  return {
    size,
    hit: value("hit"),
    miss: value("miss"),
    loop: value("loop"),
    build: value("build"),
    bytes: value("bytes"),
    compiled: value("compiled", observed),
    aborts: existsSync(traces) ? parseAborts(readFileSync(traces, "utf8")) : new Map<string, number>(),
  };
}

/** `[TRACE --- (3/1) core/x.lua:10 -- leaving loop in root trace at core/x.lua:12]`; where it gave up, not where it began. */
function parseAborts(text: string): ReadonlyMap<string, number> {
  const aborts = new Map<string, number>();
  for (const [, reason = "", where = ""] of text.matchAll(/^\[TRACE --- .*? -- (.*?) at (\S+?)\]$/gm)) {
    const key = `${reason} at ${basename(where)}`;
    aborts.set(key, (aborts.get(key) ?? 0) + 1);
  }
  return aborts;
}

/** The most frequent ones of a matcher; some are given up once, tried again elsewhere, and do no harm. */
function abortsOf({ label }: Case, measured: readonly Measured[]): string[] {
  const all = new Map<string, number>();
  for (const { aborts } of measured) {
    for (const [what, times] of aborts) {
      all.set(what, (all.get(what) ?? 0) + times);
    }
  }
  const sorted = [...all].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, mostAborts).map(([what, times]) => `  ${label}: ${times} × ${what}`);
  return sorted.length > mostAborts ? [...shown, `  ${label}: and ${sorted.length - mostAborts} other reasons`] : shown;
}
