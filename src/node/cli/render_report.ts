import { join } from "node:path";
import { diffLines } from "../render/diff.ts";
import { pathOf, type Change, type Plan } from "../render/plan.ts";
import type { Site } from "../render/site.ts";

const mostDiffLines = 60;

/** What a run did, a line for each file, and what to do next. */
export function changeReport(plan: Plan, site: Site): string {
  const changed = plan.changes.filter((change) => change.kind !== "unchanged");
  if (changed.length === 0) return [...summary(plan), `${plan.directory} is up to date`].join("\n");
  const start = `${site.nginx.path} -c ${join(plan.directory, "nginx.conf")}`;
  return [...summary(plan), "nginx has checked the files; to use them:", `  ${start}`, `  ${start} -s reload`].join("\n");
}

/** What a run would do, with the differences. */
export function differenceReport(plan: Plan): string {
  const foreign = plan.foreign.map((path) => `note: ${path} was not written by dygateway; render asks for --force`);
  const differences = plan.changes.flatMap((change) =>
    change.kind === "changed" ? [`--- ${change.file.path}`, ...shownDifference(change, plan)] : [],
  );
  const differs = plan.changes.some((change) => change.kind !== "unchanged");
  const last = differs ? [] : [`${plan.directory} is up to date`];
  return [...summary(plan), ...foreign, ...differences, ...last].join("\n");
}

function summary(plan: Plan): string[] {
  const lines = plan.changes
    .filter((change) => change.kind !== "unchanged")
    .map((change) => `${change.kind.padEnd(10)}${pathOf(change)}`);
  const same = plan.changes.length - lines.length;
  return same === 0 ? lines : [...lines, `unchanged ${same} ${same === 1 ? "file" : "files"}`];
}

function shownDifference(change: Extract<Change, { kind: "changed" }>, plan: Plan): string[] {
  const { file, before, moves } = change;
  const place = moves ? [`  it moves: to ${plan.place.file}`] : [];
  if (before === file.text) return moves ? place : ["  only its permissions"];
  // It holds secrets, and this output ends up in logs.
  if ((file.mode & 0o007) === 0) return ["  not shown: it may hold secrets"];
  return [...place, ...shownLines(before, file.text)];
}

/** A difference, cut short where it is long. */
export function shownLines(before: string, after: string): string[] {
  const lines = diffLines(before, after);
  const rest = lines.length - mostDiffLines;
  return rest > 0 ? [...lines.slice(0, mostDiffLines), `  … and ${rest} lines more`] : lines;
}
