import type { Command, StoreWork } from "../../../dygateway/core/store/command.ts";
import { isError, listReply, textReply } from "../../../dygateway/core/store/command.ts";
import { storeRefused } from "../../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../../dygateway/core/result.ts";
import type { ClusterDocument } from "../inventory/schema.ts";
import { versionUnknown } from "../edit/problems.ts";
import { versionsKey } from "./keys.ts";

/** A version of a cluster as it is kept: what it was, and who made it so. */
export interface KeptVersion {
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly who: string;
  readonly from: string;
  /** The operation, as in the audit stream; `foreign` for what another tool wrote, which is kept before it is overwritten. */
  readonly action: string;
  /** What was changed, in words. */
  readonly what: string;
  /** null: the cluster was deleted. Not checked: the rules of today may refuse it. */
  readonly document: ClusterDocument | null;
}

/** The commands that keep a version, and of all no more than `depth`. */
export const keepVersion = (name: string, kept: KeptVersion, depth: number): Command[] => [
  ["LPUSH", versionsKey(name), JSON.stringify(kept)],
  ["LTRIM", versionsKey(name), "0", `${depth - 1}`],
];

/** An entry of the list; undefined where it is none of ours. */
export function decodeVersion(text: string | undefined): KeptVersion | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<KeptVersion> | null;
    const isOurs = typeof value === "object" && Number.isSafeInteger(value?.version) && value?.document !== undefined;
    return isOurs ? (value as KeptVersion) : undefined;
  } catch {
    return undefined;
  }
}

/** The versions of a cluster that are kept, the last one first; of one that was deleted, too. */
export function* listVersions(name: string): StoreWork<Result<KeptVersion[]>> {
  const [reply] = yield [["LRANGE", versionsKey(name), "0", "-1"]];
  if (isError(reply)) return failure(storeRefused(reply.message));
  return success(listReply(reply).flatMap((entry) => decodeVersion(textReply(entry)) ?? []));
}

export function* readVersion(name: string, version: number): StoreWork<Result<KeptVersion>> {
  const listed = yield* listVersions(name);
  if (!listed.ok) return listed;
  const found = listed.value.find((kept) => kept.version === version);
  return found === undefined ? failure(versionUnknown(name, version)) : success(found);
}
