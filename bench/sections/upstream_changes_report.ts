import type { LoadResult } from "../load/wrk.ts";
import { target, type SectionReport } from "../report/section.ts";
import { table, whole } from "../report/table.ts";
import { trends, type Sample } from "../soak/samples.ts";
import { percentile } from "../statistics.ts";
import type { EditTally } from "./upstream_edits.ts";

/** What is counted at one moment. */
export interface Count {
  /** Connections that the upstream's servers had accepted so far. */
  readonly accepted: number;
  /** The most of any worker. */
  readonly descriptors: number;
  /** Bytes of a worker, in the mean. */
  readonly resident: number;
}

export interface Phase {
  readonly what: string;
  readonly seconds: number;
  readonly load: LoadResult;
  readonly tally: EditTally;
  readonly before: Count;
  readonly after: Count;
}

/** What counts as flat, from the beginning of the long run to its end. */
const flatShare = 0.02;
const flatDescriptors = 8;

export function reportUpstreamChanges(phases: readonly [quiet: Phase, short: Phase, first: Phase, long: Phase], samples: readonly Sample[]): SectionReport {
  const [quiet, short, first, long] = phases;
  const length = samples.at(-1)?.minute ?? 0;
  const all = trends(samples, 0);
  const of = (name: string): { readonly first: number; readonly growth: number } => {
    const found = all.find((trend) => trend.name === name);
    return { first: found?.first ?? NaN, growth: (found?.slope ?? NaN) * length };
  };
  const resident = of("RSS of a worker, MB");
  const descriptors = of("descriptors of a worker, most");
  const failed = short.load.failed + short.tally.failed;
  const failedLong = first.load.failed + first.tally.failed + long.load.failed + long.tally.failed;
  const rate = long.tally.times.length / long.seconds;
  return {
    title: "Balancing: an upstream that changes all the time",
    method:
      "Two workers and everything else on the machine's CPUs; one upstream of 10 servers; about 2,000 requests a second from 16 connections, " +
      "begun 3 s before anything is counted. The 200 changes come one after the other, 20 a second: a server's weight there and back, a drain and " +
      "its end, out of rotation and back, other limits and back, an eleventh server that comes and goes. The long run has twenty callers, " +
      "two for each server: ten change limits, eight weights, one drains and ends it, one takes a server out and back. `changes` are those " +
      "answered with success and in force in every worker, the times until then; `fail` counts changes and requests that were not answered well. `new " +
      "conn.` is how many connections the servers accepted meanwhile, by their own count; `nothing else` has some, too, because nginx ends a connection after its thousandth " +
      `request. Before the long run, the last of the rows, there are ${whole(first.tally.times.length)} changes of its kind: in those LuaJIT compiles what they call and ` +
      "the heap finds its size, as that row shows; the trends are those of the long run. The worker that reads Redis also writes upstream.conf, or, where nginx has one, its privileged agent, which is then listed, too.",
    tables: [
      table(["while", "s", "changes", "fail", "p50", "p99"], phases.map(changeRow)),
      table(["while", "requests", "fail", "p99 ms", "new conn.", "descriptors", "RSS MB"], phases.map(loadRow)),
      table(
        ["the long run", "first", "last", "most", "growth"],
        all.map(({ name, first, last, most, slope }) => [name, ...[first, last, most, slope * length].map((value) => value.toFixed(2))]),
      ),
      ...reasons(phases),
    ],
    targets: [
      { wanted: "no error in 200 changes in 10 s", measured: `${failed} errors in ${short.tally.times.length} changes and ${whole(short.load.requests)} requests, ${short.seconds.toFixed(1)} s`, ratio: failed === 0 ? short.seconds / 10.5 : Infinity },
      target("at most 50 new connections to the servers meanwhile", newConnections(short), 50, (value) => `${value} (${newConnections(quiet)} without changes)`),
      target(`${whole(long.tally.times.length)} changes at 200 a second`, failedLong === 0 ? 200 / rate : Infinity, 1.02, () => `${rate.toFixed(0)} a second, ${failedLong} errors`),
      target("RSS of a worker flat meanwhile", resident.growth, resident.first * flatShare, (value) => `${value.toFixed(2)} MB more of ${resident.first.toFixed(1)} MB`),
      target("descriptors of a worker flat meanwhile", descriptors.growth, flatDescriptors, (value) => `${value.toFixed(1)} more of ${descriptors.first}`),
    ],
  };
}

function newConnections({ before, after }: Phase): number {
  return after.accepted - before.accepted;
}

function changeRow({ what, seconds, tally }: Phase): string[] {
  const time = (share: number): string => (tally.times.length === 0 ? "" : percentile(tally.times, share).toFixed(1));
  return [what, seconds.toFixed(1), whole(tally.times.length), String(tally.failed), time(0.5), time(0.99)];
}

function loadRow(phase: Phase): string[] {
  const { what, load, before, after } = phase;
  const both = (value: (count: Count) => number): string => `${whole(value(before))}→${whole(value(after))}`;
  return [
    ...[what, whole(load.requests), String(load.failed), load.p99.toFixed(1), String(newConnections(phase))],
    ...[both(({ descriptors }) => descriptors), both(({ resident }) => resident / 1e6)],
  ];
}

function reasons(phases: readonly Phase[]): string[] {
  const lines = phases.flatMap(({ what, tally }) => [...tally.reasons].map(([reason, times]) => `  ${what}: ${times} × ${reason}`));
  return lines.length === 0 ? [] : [`Changes that failed:\n${lines.join("\n")}`];
}
