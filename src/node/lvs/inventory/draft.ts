import type { z } from "zod";
import { jsonCopy } from "./json_copy.ts";
import type { ClusterDocument } from "./schema.ts";

/**
 * A document of which parts may be missing: what the schema refused is undefined, list items too, so that everything
 * else can be checked all the same and the operator is told all at once. Every whole document is a draft.
 */
export type Draft<T> = T extends readonly (infer Item)[]
  ? readonly (Draft<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Draft<T[Key]> | undefined }
    : T;

export type ClusterDraft = Draft<ClusterDocument>;
export type LbDraft = NonNullable<NonNullable<ClusterDraft["lbinfos"]>[number]>;
export type VipDraft = NonNullable<NonNullable<ClusterDraft["vip2ws"]>[number]>;
export type PortDraft = NonNullable<NonNullable<VipDraft["ports"]>[number]>;
export type CheckDraft = NonNullable<PortDraft["check"]>;

/** What remains of a value without the parts that the schema refused; undefined where it is no document at all. */
export function draftOf(value: unknown, issues: readonly z.core.$ZodIssue[]): ClusterDraft | undefined {
  const root = { document: jsonCopy(value) };
  for (const issue of issues) {
    // An unknown key is refused and left where it is: nothing reads it.
    if (issue.code !== "unrecognized_keys") blank(root, ["document", ...(issue.path as (string | number)[])]);
  }
  return root.document as ClusterDraft | undefined;
}

/** The key stays, so that a check can tell what is wrong from what is missing. */
function blank(root: object, path: readonly (string | number)[]): void {
  let place = root as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) {
    const next = place[step];
    if (typeof next !== "object" || next === null) return;
    place = next as Record<string | number, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined && Object.hasOwn(place, last)) place[last] = undefined;
}
