import { storeRefused } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import { counterReply, isError, type StoreWork } from "../../dygateway/core/store/command.ts";
import { countCommand, readPairs } from "../../dygateway/core/store/divdata.ts";
import type { Keys } from "../../dygateway/core/store/keys.ts";

/** The upstreams of the store as they stand there, removed ones with their mark. */
export interface StoredUpstreams {
  /** Read first: what follows it may be newer, never older. */
  readonly revision: number;
  readonly bodies: ReadonlyMap<string, string>;
}

export function* storedUpstreams(keys: Keys): StoreWork<Result<StoredUpstreams>> {
  const [revision, count] = yield [["GET", keys.revision], countCommand(keys.upstreams, "hash")];
  if (isError(revision)) return failure(storeRefused(`${keys.revision}: ${revision.message}`));
  const bodies = new Map<string, string>();
  const read = yield* readPairs(keys.upstreams, "hash", count, (name, body) => {
    bodies.set(name, body);
  });
  if (!read.ok) return failure(storeRefused(read.error.desc));
  return success({ revision: typeof revision === "string" ? counterReply(revision) : 0, bodies });
}
