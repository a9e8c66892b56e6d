import { target, type Bench, type SectionReport } from "../report/section.ts";
import { spreadText, table, whole } from "../report/table.ts";
import { median, ratios, spread } from "../statistics.ts";

/** One measurement. */
export interface Sample {
  /** Microseconds of the worker for one request. */
  readonly cpu: number;
  /** Requests a second while that was measured. */
  readonly evenRate: number;
  /** As fast as it goes. */
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export type VariantName = "bare" | "plain" | "map" | "empty" | "suffix" | "byHand" | "again" | "big" | "tenth" | "hundredth";

export interface VariantResult {
  readonly name: VariantName;
  readonly label: string;
  /** One a round. */
  readonly samples: Sample[];
}

export function reportVariants(bench: Bench, results: VariantResult[]): SectionReport {
  const cpuOf = (wanted: VariantName): number[] => results.find(({ name }) => name === wanted)?.samples.map(({ cpu }) => cpu) ?? [];
  // Of the two measurements of the round, which lie far apart in it.
  const again = cpuOf("again");
  const bare = cpuOf("bare").map((cpu, round) => (cpu + (again[round] ?? NaN)) / 2);
  const rows = results.map(({ name, label, samples }) => [
    label,
    whole(median(samples.map(({ evenRate }) => evenRate))),
    spreadText(spread(cpuOf(name)), 1),
    spreadText(spread(ratios(cpuOf(name), bare)), 3),
  ]);
  const speeds = results.map(({ samples, label }) => [
    label,
    whole(median(samples.map(({ perSecond }) => perSecond))),
    median(samples.map(({ p50 }) => p50)).toFixed(2),
    median(samples.map(({ p99 }) => p99)).toFixed(2),
  ]);
  const flatness = spread(ratios(cpuOf("big"), cpuOf("hundredth")));
  const flat = `The full group costs ${spreadText(flatness, 3)} times the hundredth.`;
  const factor = (value: number): string => `${value.toFixed(3)}×`;
  return {
    title: "CPU for each request, side by side",
    method:
      `${bench.settings.rounds} interleaved rounds of ${bench.settings.seconds} s; each variant is an nginx of its own with one worker ` +
      `(${bench.pins.description}), started anew for each round and warmed up for a second; wrk with 32 connections, distinct users ` +
      "with uid and X-Real-IP: a quarter hits each level, a quarter none; answers of 1 KB. CPU is user and system time of the worker " +
      "over the requests answered: the median of the rounds, in brackets the least and the most. It is measured while wrk keeps its " +
      "own processor busy for some microseconds a request, so that each variant gets about as many requests a second, those of the " +
      "first column: as fast as it goes, a slower server lets the other processor fall asleep now and then, and waking it up costs " +
      "the server more than what is measured here. Throughput and times are from a run of half the length as fast as it goes. Bare " +
      "nginx is measured twice a round, far apart, by two servers: the ratio is taken round by round over the mean of the two, and " +
      "how far they are from 1 is what the method cannot tell apart. Bare nginx is the gateway's rendered configuration without Lua " +
      "and with one static upstream, `map` the same with a map of the uid's last digit; `usual headers` passes X-Real-IP without " +
      "looking at who sent it; `empty Lua` has the gateway's rendered location, in which Lua decides nothing; `written by hand` is the " +
      "location of the predecessor, as a location with an include is rendered, too.",
    tables: [
      table(["variant", "req/s", "µs a request", "ratio to bare"], rows),
      table(["variant", "requests/s", "p50 ms", "p99 ms"], speeds),
      flat,
    ],
    targets: [
      target("`uidsuffix` at most 1.05 times bare nginx", median(ratios(cpuOf("suffix"), bare)), 1.05, factor),
      target("the big group at most 1.08 times bare nginx", median(ratios(cpuOf("big"), bare)), 1.08, factor),
      target("the big group within 3 % of its hundredth", flatness.median, 1.03, factor),
    ],
  };
}
