import type { ConfigPath, LocatedProblem } from "../../config/problem.ts";
import type { ConfigSource } from "../../config/source.ts";
import { noClaims } from "./claims.ts";
import type { InventoryProblem } from "./problem.ts";
import { readInventorySource } from "./source.ts";
import { validateCluster, type InventoryFacts, type ValidCluster } from "./validate.ts";

/** A problem with its place in a file; `rule` is undefined where the text could not be read at all. */
export interface PlacedProblem extends LocatedProblem {
  readonly rule: string | undefined;
}

export type ParsedClusters =
  | { readonly ok: true; readonly clusters: readonly ValidCluster[]; readonly warnings: readonly PlacedProblem[] }
  | { readonly ok: false; readonly problems: readonly PlacedProblem[]; readonly warnings: readonly PlacedProblem[] };

export type ParsedCluster =
  | { readonly ok: true; readonly valid: ValidCluster; readonly warnings: readonly PlacedProblem[] }
  | { readonly ok: false; readonly problems: readonly PlacedProblem[]; readonly warnings: readonly PlacedProblem[] };

/** Reads a text with one cluster and holds it against every rule. Problems are in the order of the text. */
export function parseCluster(file: string, text: string, facts: InventoryFacts = {}): ParsedCluster {
  const read = readInventorySource(file, text);
  if (!read.ok) return { ok: false, problems: read.problems.map(unplaced), warnings: [] };
  const { source } = read;
  const validation = validateCluster(source.value, facts);
  const warnings = placed(source, validation.warnings);
  if (!validation.ok) return { ok: false, problems: placed(source, validation.problems), warnings };
  return { ok: true, valid: validation, warnings };
}

/** As `parseCluster`, for a text that may also be a list of clusters; the rules between them count too. */
export function parseClusters(file: string, text: string, { wstypes, claims = noClaims() }: InventoryFacts = {}): ParsedClusters {
  const read = readInventorySource(file, text);
  if (!read.ok) return { ok: false, problems: read.problems.map(unplaced), warnings: [] };
  const { source } = read;
  const isList = Array.isArray(source.value);
  const values = isList ? (source.value as unknown[]) : [source.value];
  const validations = values.map((value, index) => {
    const base = isList ? [index] : [];
    const validation = validateCluster(value, { wstypes, claims });
    const warnings = placed(source, validation.warnings, base);
    return validation.ok ? { valid: validation, warnings } : { problems: placed(source, validation.problems, base), warnings };
  });
  const warnings = validations.flatMap((one) => one.warnings);
  const problems = validations.flatMap((one) => one.problems ?? []);
  if (problems.length > 0) return { ok: false, problems, warnings };
  return { ok: true, clusters: validations.flatMap((one) => one.valid ?? []), warnings };
}

const unplaced = (problem: LocatedProblem): PlacedProblem => ({ ...problem, rule: undefined });

function placed(source: ConfigSource, problems: readonly InventoryProblem[], base: ConfigPath = []): PlacedProblem[] {
  const all = problems.map((problem) => ({
    ...source.locate({ ...problem, path: [...base, ...problem.path] }),
    rule: problem.rule,
  }));
  return all.sort((a, b) => (a.line === b.line ? a.column - b.column : a.line - b.line));
}
