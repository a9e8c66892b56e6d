import { failure, success, type Result } from "../../../dygateway/core/result.ts";
import { beginChange, commitChange, nothingToChange, type Change, type ChangeContext } from "../../../dygateway/core/store/transaction.ts";
import { differenceLines, differenceOf } from "../edit/difference.ts";
import type { Edit } from "../edit/edits.ts";
import { removalWords, type RemovalLimits } from "../edit/guard.ts";
import * as refusal from "../edit/problems.ts";
import { canonicalDocument, documentText } from "../inventory/canonical.ts";
import type { Cluster } from "../inventory/model.ts";
import type { InventoryProblem } from "../inventory/problem.ts";
import { clusterName } from "../inventory/scalars.ts";
import type { ClusterDocument } from "../inventory/schema.ts";
import { validateCluster } from "../inventory/validate.ts";
import { clusterKey, isClusterKeyName, versionsKey, wstypesKey } from "./keys.ts";
import type { StoredHash } from "./reads.ts";
import { documentOf, surroundings } from "./surroundings.ts";
import { readVersion } from "./versions.ts";
import { writeCommands } from "./write_cluster.ts";

/** What holds for every change of the inventory; from the configuration. */
export interface InventoryLimits {
  /** Versions of each cluster that are kept. */
  readonly versions: number;
  readonly mostRemoved: RemovalLimits;
}

export interface ChangeOptions extends InventoryLimits {
  /** The operation, for the audit stream: `lvs_vip_add`. */
  readonly action: string;
  /** The version that the operator looked at; undefined: whatever there is, which is safe for edits of parts. */
  readonly expectedVersion?: number | undefined;
  /** The operator means it when the change empties the cluster or removes a lot. */
  readonly allowRemoval: boolean;
}

/** How a change ended. */
export interface ChangedCluster {
  readonly name: string;
  /** The new version; the one in force where nothing changed; after a deletion that of the deletion. */
  readonly version: number;
  /** undefined: deleted. */
  readonly document: ClusterDocument | undefined;
  readonly cluster: Cluster | undefined;
  /** What was changed, in words; empty: nothing. */
  readonly changes: readonly string[];
  readonly warnings: readonly InventoryProblem[];
}

/**
 * Stores a new cluster. Refuses one whose name is taken.
 *
 * @param value as JSON gave it; it is held against every rule here.
 */
export function* createCluster(context: ChangeContext, value: unknown, options: ChangeOptions): Change<ChangedCluster> {
  const named = namedValue(value);
  if (!named.ok) return named;
  const { name } = named.value;
  return yield* change(context, name, options, (stored) =>
    stored.version > 0 ? failure(refusal.clusterExists(name)) : success(named.value),
  );
}

/** Changes a stored cluster by an edit, which is applied to what is stored at that moment. */
export function editCluster(context: ChangeContext, name: string, edit: Edit, options: ChangeOptions): Change<ChangedCluster> {
  return change(context, name, options, (stored, document) => {
    if (stored.version === 0) return failure(refusal.clusterUnknown(name));
    return document === undefined ? failure(refusal.clusterBroken(name, brokenWords(stored))) : edit(document);
  });
}

/**
 * Puts a document in the place of whatever is stored, also of what cannot be used, or creates the cluster. Because it
 * replaces all that others may have changed, it has to say which version it means to replace.
 */
export function* putCluster(context: ChangeContext, value: unknown, options: ChangeOptions): Change<ChangedCluster> {
  const named = namedValue(value);
  if (!named.ok) return named;
  const { name } = named.value;
  return yield* change(context, name, options, (stored) => {
    if (stored.version > 0 && options.expectedVersion === undefined) return failure(refusal.versionNeeded(name, stored.version));
    return success(named.value);
  });
}

/** A value that has a name to store it under; all else about it is checked with what is stored in sight. */
function namedValue(value: unknown): Result<ClusterDocument> {
  const name: unknown = typeof value === "object" && value !== null && "name" in value ? value.name : undefined;
  if (clusterName.safeParse(name).success) return success(value as ClusterDocument);
  const validation = validateCluster(value);
  return failure(refusal.clusterInvalid(typeof name === "string" ? JSON.stringify(name) : "without a name", validation.ok ? [] : validation.problems));
}

/** Goes back to a version that is kept, also of a cluster that was deleted; that is a new version. */
export function* revertCluster(context: ChangeContext, name: string, version: number, options: ChangeOptions): Change<ChangedCluster> {
  const kept = yield* readVersion(name, version);
  if (!kept.ok) return kept;
  const { document } = kept.value;
  if (document === null) return failure(refusal.versionOfDeletion(name, version));
  return yield* change(context, name, options, () => success(document));
}

/** Deletes a cluster; its versions stay. The load balancers are not touched. */
export function deleteCluster(context: ChangeContext, name: string, options: ChangeOptions): Change<ChangedCluster> {
  return change(context, name, options, (stored) => (stored.version === 0 ? failure(refusal.clusterUnknown(name)) : success(undefined)));
}

function brokenWords({ fields }: StoredHash): string {
  const { value, reason } = fields;
  return `${reason ?? (value === undefined ? "it is not readable" : "it does not have the shape of a cluster")}; replace it as a whole`;
}

type Plan = (stored: StoredHash, document: ClusterDocument | undefined) => Result<ClusterDocument | undefined>;

function* change(context: ChangeContext, name: string, options: ChangeOptions, plan: Plan): Change<ChangedCluster> {
  if (!isClusterKeyName(name)) return failure(refusal.clusterUnknown(name));
  const begun = yield* beginChange(context, [clusterKey(name), versionsKey(name), wstypesKey]);
  if (!begun.ok) return begun;
  const around = yield* surroundings(name);
  if (!around.ok) return around;
  const { stored, wstypes, claims } = around.value;
  const { expectedVersion } = options;
  if (expectedVersion !== undefined && expectedVersion !== stored.version) {
    return failure(refusal.clusterStale(name, expectedVersion, stored.version, byWhom(stored)));
  }
  const before = documentOf(stored);
  const planned = plan(stored, before);
  if (!planned.ok) return planned;
  const wanted = planned.value;
  if (wanted !== undefined && !stored.isHash) return failure(refusal.clusterBroken(name, `${clusterKey(name)} is not a hash`));
  const validation = wanted === undefined ? undefined : validateCluster(wanted, { wstypes, claims });
  if (validation?.ok === false) return failure(refusal.clusterInvalid(name, validation.problems));
  const document = validation === undefined ? undefined : canonicalDocument(validation.document);
  const warnings = [...around.value.warnings, ...(validation?.warnings ?? [])];
  const answer = { name, document, cluster: validation?.cluster, warnings };
  if (document !== undefined && before !== undefined && documentText(before) === documentText(document) && !stored.isForeign) {
    return success(nothingToChange(begun.value, { ...answer, version: stored.version, changes: [] }));
  }
  const difference = differenceOf(before, document);
  const removal = removalWords(before, document, difference, options.mostRemoved);
  if (removal !== undefined && !options.allowRemoval) return failure(refusal.removalUnconfirmed(name, removal));
  const version = Math.max(stored.version, stored.last?.version ?? 0) + 1;
  const changes = changeLines(name, before, document, differenceLines(difference));
  const commands = writeCommands(context, { stored, before, document, version, changes, action: options.action, depth: options.versions });
  const entry = {
    action: options.action,
    what: `cluster ${name}`,
    before: stored.version === 0 ? "" : `version ${stored.version}`,
    after: `version ${version}: ${changes.join("; ")}`,
    hostnames: [],
    policyIds: [],
    upstreams: [],
  };
  return success(commitChange(context, begun.value, entry, commands, { ...answer, version, changes }));
}

function changeLines(name: string, before: unknown, after: unknown, lines: readonly string[]): string[] {
  if (after === undefined) return [`cluster ${name} deleted`];
  return before === undefined ? [`cluster ${name} created`, ...lines] : [...lines];
}

/** Who was faster, where that is on record. */
function byWhom({ isForeign, version, last }: StoredHash): string {
  if (isForeign) return " (written by another tool)";
  return last === undefined || version !== last.version ? "" : ` (${last.who}, ${last.time})`;
}
