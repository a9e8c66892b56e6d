import { target, type Bench, type SectionReport } from "../report/section.ts";
import { spreadText, table, whole } from "../report/table.ts";
import { median, ratios, spread } from "../statistics.ts";

/** One measurement. */
export interface BalancingSample {
  /** Microseconds of the worker for one request. */
  readonly cpu: number;
  /** Requests a second meanwhile. */
  readonly evenRate: number;
}

export type BalancingName = "static" | "balanced" | "diverted" | "mapped" | "leastLua" | "again" | "staticMany" | "balancedMany";

export interface BalancingResult {
  readonly name: BalancingName;
  readonly label: string;
  /** One a round. */
  readonly samples: BalancingSample[];
}

export function reportUpstreams(bench: Bench, many: number, results: readonly BalancingResult[]): SectionReport {
  const cpuOf = (wanted: BalancingName): number[] => results.find(({ name }) => name === wanted)?.samples.map(({ cpu }) => cpu) ?? [];
  const again = cpuOf("again");
  // Of the two measurements of the round, which lie far apart in it.
  const bare = cpuOf("static").map((cpu, round) => (cpu + (again[round] ?? NaN)) / 2);
  const bareMany = cpuOf("staticMany");
  const rows = results.map(({ name, label, samples }) => [
    label,
    whole(median(samples.map(({ evenRate }) => evenRate))),
    spreadText(spread(cpuOf(name)), 1),
    spreadText(spread(ratios(cpuOf(name), name === "staticMany" || name === "balancedMany" ? bareMany : bare)), 3),
  ]);
  const factor = (value: number): string => `${value.toFixed(3)}×`;
  return {
    title: "Balancing: CPU for each request, side by side",
    method:
      `${bench.settings.rounds} interleaved rounds of ${bench.settings.seconds} s; each variant is an nginx of its own with one worker ` +
      `(${bench.pins.description}), started anew for each round and warmed up for a second; wrk with 32 connections and distinct ` +
      "users at an even rate (see the first section), answers of 1 KB, kept connections to the servers. CPU is user and system time " +
      "of the worker over the requests answered: the median of the rounds, in brackets the least and the most. The servers are " +
      `addresses of the loopback network on one backend. Round robin by weights: 1 to 3 where there are three, 1 to 10 where there are ${whole(many)}; ` +
      "before the rounds, each variant was asked as often as the weights sum up to, and each server had got exactly its weight. `nginx` " +
      "is the gateway's rendered configuration without Lua and with the servers in upstream.conf; the gateways got theirs by " +
      "add_upstream while they ran. `uidsuffix` diverts four users of ten to three more upstreams of three servers, and `map` has nginx " +
      "itself do the same to the same servers. `the least Lua` is what the three places cost that a balancer in Lua needs, with as " +
      "little in them as there can be: a way that is always the same, the next server of a list, a log phase that does nothing; no " +
      "diversion, no failures, no health, no counting, nothing that could change. The ratio is " +
      "to nginx with as many servers, round by round; with three, to the mean of two such nginxes that are measured far apart: how far " +
      "they are from 1 is what the method cannot tell apart.",
    tables: [table(["variant", "req/s", "µs a request", "ratio to nginx"], rows)],
    targets: [
      target("`uidsuffix` and balancing together at most 1.08 times nginx with static servers", median(ratios(cpuOf("diverted"), bare)), 1.08, factor),
      target(`balancing over ${whole(many)} servers at most 1.08 times nginx's own`, median(ratios(cpuOf("balancedMany"), bareMany)), 1.08, factor),
    ],
  };
}
