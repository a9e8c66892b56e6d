import { storeRefused } from "../../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../../dygateway/core/result.ts";
import { isError, listReply, textReply, type StoreWork } from "../../../dygateway/core/store/command.ts";
import { claim, noClaims, type Claims } from "../inventory/claims.ts";
import { draftOf, type ClusterDraft } from "../inventory/draft.ts";
import type { InventoryProblem } from "../inventory/problem.ts";
import { clusterUnread } from "../inventory/problems.ts";
import { clusterSchema, type ClusterDocument } from "../inventory/schema.ts";
import { clusterKey, wstypesKey } from "./keys.ts";
import { listClusterNames, readFields, readHashes, type StoredHash } from "./reads.ts";

/** What a change of one cluster has to know of the store. */
export interface Surroundings {
  readonly stored: StoredHash;
  readonly wstypes: readonly string[];
  readonly claims: Claims;
  readonly warnings: readonly InventoryProblem[];
}

/** Reads the cluster, and of all others what they claim. What is read is watched first. */
export function* surroundings(name: string): StoreWork<Result<Surroundings>> {
  const names = yield* listClusterNames();
  if (!names.ok) return names;
  const others = names.value.filter((other) => other !== name);
  if (others.length > 0) yield [["WATCH", ...others.map(clusterKey)]];
  const [registered] = yield [["HKEYS", wstypesKey]];
  if (isError(registered)) return failure(storeRefused(registered.message));
  const wstypes = listReply(registered).map((reply) => textReply(reply) ?? "");
  const hashes = yield* readHashes([name]);
  if (!hashes.ok) return hashes;
  const rest = yield* readFields(others);
  if (!rest.ok) return rest;
  const [stored] = hashes.value;
  if (stored === undefined) throw new Error("a cluster was asked for and not answered");
  const claims = noClaims();
  const warnings = rest.value.flatMap(({ name: other, fields }) => {
    if (fields.value === undefined) return clusterUnread(other, fields.reason ?? "");
    claim(claims, draftOfValue(fields.value), other);
    return [];
  });
  return success({ stored, wstypes, claims, warnings });
}

function draftOfValue(value: unknown): ClusterDraft {
  const parsed = clusterSchema.safeParse(value);
  return parsed.success ? parsed.data : (draftOf(value, parsed.error.issues) ?? {});
}

/** The stored document where it has the shape of one; that a rule refuses it does not keep it from being edited. */
export function documentOf({ fields }: StoredHash): ClusterDocument | undefined {
  const parsed = clusterSchema.safeParse(fields.value);
  return parsed.success ? parsed.data : undefined;
}
