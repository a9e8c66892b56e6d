import { storeRefused } from "../../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../../dygateway/core/result.ts";
import { isError, listReply, textReply, type Reply, type StoreWork } from "../../../dygateway/core/store/command.ts";
import { noClaims, type Claims } from "../inventory/claims.ts";
import type { Cluster } from "../inventory/model.ts";
import { byName } from "../inventory/order.ts";
import type { InventoryProblem } from "../inventory/problem.ts";
import type { ClusterDocument } from "../inventory/schema.ts";
import { nameDiffers, storedUnreadable } from "../inventory/problems.ts";
import { validateCluster } from "../inventory/validate.ts";
import { decodeFields, type StoredFields } from "./codec.ts";
import { clusterKey, clusterOfKey, clusterPattern, isClusterKeyName, versionsKey, wstypesKey } from "./keys.ts";
import { decodeVersion, type KeptVersion } from "./versions.ts";
import { fieldsOf } from "./wstypes.ts";

/** A cluster as the store has it, whether or not the rules of today accept it. */
export interface StoredCluster {
  readonly name: string;
  /** What a change of it is to expect; one more than the last that was kept where another tool wrote it since. */
  readonly version: number;
  /** Did another tool write it after the last version that is kept? */
  readonly isForeign: boolean;
  /** What is stored, as JSON would give it; undefined where it cannot be read. */
  readonly value: unknown;
  /** There where there are no problems. */
  readonly document: ClusterDocument | undefined;
  readonly cluster: Cluster | undefined;
  readonly problems: readonly InventoryProblem[];
  readonly warnings: readonly InventoryProblem[];
}

/** What the hash of a cluster says, before it is checked. */
export interface StoredHash {
  readonly name: string;
  /** Is it a hash, or nothing yet? Something else cannot be written to. */
  readonly isHash: boolean;
  readonly fields: StoredFields;
  readonly version: number;
  readonly isForeign: boolean;
  /** The last version that is kept, of this cluster or of one of the same name that was deleted. */
  readonly last: KeptVersion | undefined;
}

/** A cluster's name, and what its hash says. */
export interface NamedFields {
  readonly name: string;
  readonly fields: StoredFields;
}

const scanPage = "1000";
const clustersAStep = 50;

/** The names of all stored clusters, sorted. */
export function* listClusterNames(): StoreWork<Result<string[]>> {
  const names = new Set<string>();
  let cursor = "0";
  do {
    const [reply] = yield [["SCAN", cursor, "MATCH", clusterPattern, "COUNT", scanPage]];
    if (isError(reply)) return failure(storeRefused(reply.message));
    const [next, keys] = listReply(reply);
    for (const key of listReply(keys)) {
      const name = clusterOfKey(textReply(key) ?? "");
      if (name !== undefined) names.add(name);
    }
    cursor = textReply(next) ?? "0";
  } while (cursor !== "0");
  return success([...names].sort(byName));
}

/** Reads what hashes say, without their versions: much less where there are many. */
export function* readFields(names: readonly string[]): StoreWork<Result<NamedFields[]>> {
  const found: NamedFields[] = [];
  for (let start = 0; start < names.length; start += clustersAStep) {
    const page = names.slice(start, start + clustersAStep);
    const replies = yield page.map((name) => ["HGETALL", clusterKey(name)]);
    found.push(...page.map((name, index) => ({ name, fields: storedFields(replies[index]) })));
  }
  return success(found);
}

function storedFields(reply: Reply | undefined): StoredFields {
  if (!isError(reply)) return decodeFields(fieldsOf(reply));
  // Not a hash: another tool's, of that name by chance.
  return { value: undefined, reason: reply.message, version: 0, isAsWritten: false };
}

/** Reads hashes; of a name without one the version is 0. */
export function* readHashes(names: readonly string[]): StoreWork<Result<StoredHash[]>> {
  const found: StoredHash[] = [];
  for (let start = 0; start < names.length; start += clustersAStep) {
    const page = names.slice(start, start + clustersAStep);
    const replies = yield page.flatMap((name) => [["HGETALL", clusterKey(name)], ["LINDEX", versionsKey(name), "0"]]);
    for (const [index, name] of page.entries()) {
      const hash = hashOf(name, replies[index * 2], replies[index * 2 + 1]);
      if (!hash.ok) return hash;
      found.push(hash.value);
    }
  }
  return success(found);
}

function hashOf(name: string, reply: Reply | undefined, head: Reply | undefined): Result<StoredHash> {
  if (isError(head)) return failure(storeRefused(`${versionsKey(name)}: ${head.message}`));
  const last = decodeVersion(textReply(head));
  const fields = storedFields(reply);
  if (isError(reply)) return success({ name, isHash: false, fields, version: (last?.version ?? 0) + 1, isForeign: true, last });
  if (listReply(reply).length === 0) return success({ name, isHash: true, fields, version: 0, isForeign: false, last });
  const kept = Math.max(fields.version, last?.version ?? 0);
  const isForeign = !fields.isAsWritten;
  return success({ name, isHash: true, fields, version: isForeign ? kept + 1 : kept, isForeign, last });
}

/** What is stored, held against every rule; those between clusters too, where it is given what others claim. */
export function checkStored(hash: StoredHash, wstypes: readonly string[], claims?: Claims): StoredCluster {
  const { name, fields, version, isForeign } = hash;
  const facts = { name, version, isForeign, value: fields.value };
  const nothing = { document: undefined, cluster: undefined };
  if (fields.value === undefined) {
    return { ...facts, ...nothing, problems: [storedUnreadable(fields.reason ?? "")], warnings: [] };
  }
  const validation = validateCluster(fields.value, { wstypes, claims });
  const stored = fields.value["name"];
  const own = typeof stored === "string" && stored !== name ? [nameDiffers(["name"], stored, name)] : [];
  const problems = [...own, ...(validation.ok ? [] : validation.problems)];
  const parts = validation.ok && own.length === 0 ? { document: validation.document, cluster: validation.cluster } : nothing;
  return { ...facts, ...parts, problems, warnings: validation.warnings };
}

/** All stored clusters by name, each held against every rule and against those before it. */
export function* readInventory(): StoreWork<Result<StoredCluster[]>> {
  const names = yield* listClusterNames();
  if (!names.ok) return names;
  const [registered] = yield [["HKEYS", wstypesKey]];
  if (isError(registered)) return failure(storeRefused(registered.message));
  const wstypes = listReply(registered).map((reply) => textReply(reply) ?? "");
  const hashes = yield* readHashes(names.value);
  if (!hashes.ok) return hashes;
  const claims = noClaims();
  // Deleted since they were listed: those without fields.
  return success(hashes.value.filter(({ version }) => version > 0).map((hash) => checkStored(hash, wstypes, claims)));
}

/** One cluster, or undefined; the rules between clusters are not looked at. */
export function* readCluster(name: string): StoreWork<Result<StoredCluster | undefined>> {
  if (!isClusterKeyName(name)) return success(undefined);
  const [registered] = yield [["HKEYS", wstypesKey]];
  if (isError(registered)) return failure(storeRefused(registered.message));
  const hashes = yield* readHashes([name]);
  if (!hashes.ok) return hashes;
  const hash = hashes.value[0];
  if (hash === undefined || hash.version === 0) return success(undefined);
  return success(checkStored(hash, listReply(registered).map((reply) => textReply(reply) ?? "")));
}
