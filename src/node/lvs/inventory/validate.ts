import { schemaProblems } from "../../config/schema_problems.ts";
import { checkCluster, warningsOf } from "./check_cluster.ts";
import { checkLbs } from "./check_lbs.ts";
import { checkVipnets, checkVips } from "./check_vips.ts";
import { claim, noClaims, type Claims } from "./claims.ts";
import { draftOf, type ClusterDraft } from "./draft.ts";
import { asJson } from "./json_copy.ts";
import type { Cluster } from "./model.ts";
import { normalise } from "./normalise.ts";
import type { InventoryProblem } from "./problem.ts";
import { shapeWrong } from "./problems.ts";
import { clusterJsonSchema, clusterSchema, type ClusterDocument } from "./schema.ts";

/** What is known beside the document itself. */
export interface InventoryFacts {
  /** The registered wstypes; undefined: not known here, every wstype is taken. */
  readonly wstypes?: readonly string[] | undefined;
  /** What other clusters have taken; what this one takes is added. */
  readonly claims?: Claims | undefined;
}

export interface ValidCluster {
  /** As it was given: its order, without defaults. */
  readonly document: ClusterDocument;
  readonly cluster: Cluster;
  readonly warnings: readonly InventoryProblem[];
}

export type Validation =
  | ({ readonly ok: true } & ValidCluster)
  | { readonly ok: false; readonly problems: readonly InventoryProblem[]; readonly warnings: readonly InventoryProblem[] };

/** Holds one document against every rule. Refuses it with all problems there are; paths are those of the document. */
export function validateCluster(given: unknown, facts: InventoryFacts = {}): Validation {
  const value = asJson(given);
  const parsed = clusterSchema.safeParse(value);
  const shape = parsed.success ? [] : schemaProblems(parsed.error.issues, value, [], clusterJsonSchema());
  const draft: ClusterDraft | undefined = parsed.success ? parsed.data : draftOf(value, parsed.error.issues);
  const found = shape.map(shapeWrong);
  const warnings = draft === undefined ? [] : warningsOf(draft);
  if (draft !== undefined) found.push(...checkDraft(draft, facts));
  if (!parsed.success || found.length > 0) return { ok: false, problems: found, warnings };
  return { ok: true, document: parsed.data, cluster: normalise(parsed.data), warnings };
}

function checkDraft(draft: ClusterDraft, { wstypes, claims = noClaims() }: InventoryFacts): InventoryProblem[] {
  return [
    ...checkCluster(draft),
    ...checkVipnets(draft),
    ...checkLbs(draft),
    ...checkVips(draft, wstypes),
    ...claim(claims, draft, draft.name ?? ""),
  ];
}

/**
 * Holds many documents against every rule, those between clusters too. Of two that clash the later one is told.
 *
 * @returns a validation for each, in the order given.
 */
export function validateInventory(values: readonly unknown[], wstypes?: readonly string[]): Validation[] {
  const claims = noClaims();
  return values.map((value) => validateCluster(value, { wstypes, claims }));
}
