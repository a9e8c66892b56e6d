import { writeFileSync } from "node:fs";
import { spreadText, table, whole } from "../report/table.ts";
import type { SoakSettings } from "../settings.ts";
import { percentile, spread } from "../statistics.ts";
import type { ChangeTally } from "./changes.ts";
import { growing, trends, type Sample } from "./samples.ts";
import type { Tally } from "./traffic.ts";

/** One kind of fault, over the run. */
export interface FaultRecord {
  readonly name: string;
  times: number;
  /** Milliseconds until a change was answered as done again; Infinity where none was before the next fault. */
  readonly recoveries: number[];
}

interface Observed {
  readonly minutes: number;
  readonly traffic: Tally;
  readonly faults: readonly FaultRecord[];
  readonly samples: readonly Sample[];
  /** From this minute on no fault ended a worker. */
  readonly calmFrom: number;
  /** Lines of nginx's error log by level. */
  readonly logLines: Readonly<Record<string, number>>;
}

export interface SoakOutcome extends Observed {
  readonly settings: SoakSettings;
  readonly machine: readonly string[];
  readonly changes: ChangeTally;
  readonly complaints: readonly string[];
}

/** Workers that were started by the last fault are warm after so many minutes. */
const WARM = 0.25;
/** Minutes below which a slope says nothing. */
const SHORTEST = 2;

/** Minutes of the part in which what grows would be seen; undefined where the run was too short for it. */
function judgedMinutes({ minutes, calmFrom }: Pick<Observed, "minutes" | "calmFrom">): number | undefined {
  const judged = minutes - calmFrom - WARM;
  return judged < SHORTEST ? undefined : judged;
}

/** Why the run counts as failed; empty for a good one. */
export function complaintsOf(observed: Observed): string[] {
  const { traffic, faults, samples, calmFrom, logLines } = observed;
  const stuck = faults.filter(({ recoveries }) => recoveries.includes(Infinity));
  const judged = judgedMinutes(observed);
  return [
    ...(traffic.astray > 0 ? [`${traffic.astray} answers astray`] : []),
    ...(traffic.failed > 0 ? [`${traffic.failed} requests failed`] : []),
    ...(traffic.sent === 0 ? ["no request was sent"] : []),
    ...stuck.map(({ name }) => `no change was taken until the next fault after: ${name}`),
    ...(logLines["alert"] === undefined ? [] : [`${logLines["alert"]} alerts in nginx's error log that no fault explains`]),
    ...(judged === undefined ? [] : growing(trends(samples, calmFrom + WARM), judged)),
  ];
}

export function soakText(outcome: SoakOutcome): string {
  const { traffic, changes, faults, samples, calmFrom, complaints } = outcome;
  const requests: [string, string][] = [
    ["requests sent", whole(traffic.sent)],
    ["astray", whole(traffic.astray)],
    ["failed", whole(traffic.failed)],
    ["the group before, within 100 ms of the change's answer", whole(traffic.late)],
    ["sent again, the connection had ended", whole(traffic.again)],
    ["p50, p99, longest", [0.5, 0.99, 1].map((share) => `${percentile(traffic.times, share).toFixed(1)} ms`).join(", ")],
    ["changes done", whole(changes.done)],
    ["of these before every worker had it", whole(changes.partly)],
    ["changes refused, nothing changed", whole(changes.refused)],
    ["changes with an uncertain end", whole(changes.uncertain)],
    ["change to last worker: p50, p99", [0.5, 0.99].map((share) => `${percentile(changes.times, share).toFixed(0)} ms`).join(", ")],
  ];
  const faultRows = faults.map(({ name, times, recoveries }) => [
    name,
    String(times),
    recoveries.length === 0 ? "" : spreadText(spread(recoveries.map((ms) => ms / 1000)), 2),
  ]);
  const trendRows = (from: number): string[][] =>
    trends(samples, from).map(({ name, first, last, most, slope }) => [name, ...[first, last, most].map((value) => value.toFixed(1)), slope.toFixed(3)]);
  const head = ["", "first", "last", "most", "a minute"];
  const flat = judgedMinutes(outcome) === undefined ? "too short to see what grows" : "nothing grows";
  return [
    complaints.length === 0 ? `Nothing astray, nothing failed, ${flat}.` : `FAILED: ${complaints.join("; ")}.`,
    fenced(table(["requests and changes", ""], requests)),
    fenced(table(["fault", "times", "s until a change was taken"], faultRows)),
    `Trends from minute ${(outcome.minutes * 0.1).toFixed(1)} on (the last column is the slope):`,
    fenced(table(head, trendRows(outcome.minutes * 0.1))),
    `From minute ${calmFrom.toFixed(1)} on no fault ended a worker, so that the last ones grew old:`,
    fenced(table(head, trendRows(calmFrom + WARM))),
    list("nginx's error log, lines by level", Object.entries(outcome.logLines).map(([level, count]) => `${level}: ${count}`)),
    list("Changes that were not done", [...changes.reasons].map(([reason, count]) => `${count} times: ${reason}`)),
    list("Examples", traffic.examples),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

export function writeSoakReport(outcome: SoakOutcome): void {
  const { settings, machine, minutes } = outcome;
  const facts = [
    `measured: ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, ${minutes.toFixed(1)} minutes`,
    `command: make soak MINUTES=${settings.minutes} SEED=${settings.seed}`,
    ...machine,
  ];
  const method =
    "Four workers, Redis, kept connections of distinct users, each answer checked against the\ngroups that could be in force at that time; the runtime switched between two groups once a\nsecond; a fault every 15 s.";
  writeFileSync(settings.report, `# What \`make soak\` saw\n\n${method}\n\n${fenced(facts.join("\n"))}\n\n${soakText(outcome)}\n`);
}

function fenced(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``;
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0 ? "" : `${title}:\n\n${items.map((item) => `- ${item}`).join("\n")}`;
}
