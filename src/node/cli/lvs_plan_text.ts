import { diffLines } from "../render/diff.ts";
import type { FileChange, LbPlan } from "../lvs/push/plan.ts";
import { printable } from "./printable.ts";

const mostDiffLines = 60;

/** What a sync would do to each load balancer, with the differences; those whose differences are the same, once. */
export function planText(plans: readonly LbPlan[]): string {
  const groups = new Map<string, string[]>();
  for (const plan of plans) {
    const text = lbText(plan);
    groups.set(text, [...(groups.get(text) ?? []), plan.release.hostname]);
  }
  return [...groups].map(([text, hosts]) => `${hosts.join(", ")}: ${text}`).join("\n");
}

function lbText(plan: LbPlan): string {
  if (plan.kind === "unchanged") return "up to date";
  if (plan.kind === "failed") return `not known: ${printable(plan.refusal.reason)}`;
  const { current } = plan.state;
  const first = current === undefined ? "its first release" : `${plan.changes.length} files differ`;
  return [first, ...plan.changes.flatMap((change) => changeText(change, current === undefined))].join("\n");
}

function changeText(change: FileChange, isFirst: boolean): string[] {
  const line = `  ${change.kind.padEnd(8)} ${printable(change.path)}`;
  // A first release is all additions, and a removed file was nobody's.
  if (isFirst || change.kind === "removed") return [line];
  const lines = diffLines(change.before, change.after).map((text) => `    ${printable(text)}`);
  const rest = lines.length - mostDiffLines;
  return [line, ...lines.slice(0, mostDiffLines), ...(rest > 0 ? [`    … and ${rest} lines more`] : [])];
}

/** The same for programs. */
export const planData = (plan: LbPlan): object => ({
  host: plan.release.hostname,
  kind: plan.kind,
  release: plan.release.digest,
  current: plan.kind === "failed" ? null : (plan.state.current ?? null),
  reason: plan.kind === "failed" ? plan.refusal.reason : null,
  files: plan.kind !== "changed" ? [] : plan.changes.map(({ path, kind, before, after }) => ({ path, kind, diff: diffLines(before, after) })),
});
