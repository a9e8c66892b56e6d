import { problemLine } from "../config/problem.ts";
import { parseClusters, type PlacedProblem } from "../lvs/inventory/parse.ts";
import type { InventoryFacts, ValidCluster } from "../lvs/inventory/validate.ts";
import { inputText } from "./lvs_items.ts";
import { refused } from "./outcome.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { wrapped } from "./wrap.ts";

interface Form {
  readonly json: boolean;
}

const lineOf = (problem: PlacedProblem, before = ""): string => wrapped(printable(before + problemLine(problem)), 4);

/** Says what is wrong with a file, each problem with its line and column; the exit code does, too. */
export function reportPlaced(problems: readonly PlacedProblem[], { json }: Form, terminal: Terminal): void {
  terminal.err([problems.length === 1 ? "1 problem:" : `${problems.length} problems:`, ...problems.map((problem) => lineOf(problem))].join("\n"));
  if (json) terminal.out(JSON.stringify({ error: { kind: "invalid", problems } }, null, 2));
  terminal.exitCode = refused;
}

export function reportPlacedWarnings(warnings: readonly PlacedProblem[], terminal: Terminal): void {
  for (const warning of warnings) terminal.err(lineOf(warning, "warning: "));
}

/** The clusters of a file, or undefined where they break a rule, which is said. */
export function readClusters(file: string, facts: InventoryFacts, form: Form, terminal: Terminal): readonly ValidCluster[] | undefined {
  const parsed = parseClusters(file === "-" ? "stdin" : file, inputText(file), facts);
  if (parsed.ok) return parsed.clusters;
  reportPlaced(parsed.problems, form, terminal);
  return undefined;
}
