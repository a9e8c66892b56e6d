import type { Storage, StoredRules, DiversionType } from "../diversion/diversion_type.ts";
import type { StoredPairs } from "../diversion/stored_pairs.ts";
import { storeRefused } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError, numberReply } from "./command.ts";
import type { Command, StoreWork } from "./command.ts";
import { countCommand, PAIRS_A_PAGE, writePage } from "./divdata.ts";
import type { ChangeContext } from "./transaction.ts";

/** Pairs of a policy that is put together aside, in pipelines of its own, before the transaction renames it. */
export const LARGE_POLICY_PAIRS = 5000;
/** Pages of pairs sent in one pipeline. */
const PAGES_A_STEP = 2;
const STAGING_LIFETIME_MS = "600000";

/** Sends the pages a few at a time; a store that refuses one (it is full, it is a replica) is left without any. */
function* writeStaged(
  context: ChangeContext,
  key: string,
  storage: Storage,
  pairs: StoredPairs,
): StoreWork<Result<null>> {
  const next = pairs.open(context.pause);
  let written = 0;
  while (written < pairs.count) {
    const pipeline: Command[] = [];
    while (written < pairs.count && pipeline.length < PAGES_A_STEP) {
      context.pause();
      pipeline.push(writePage(key, storage, next));
      written += PAIRS_A_PAGE;
    }
    pipeline.push(["PEXPIRE", key, STAGING_LIFETIME_MS]);
    const replies = yield pipeline;
    const problem = replies.find((reply) => isError(reply));
    if (isError(problem)) {
      yield [["UNLINK", key]];
      return failure(storeRefused(problem.message));
    }
  }
  return success(null);
}

/**
 * Writes pairs to a key that expires by itself, and makes sure that all of them got there. A change that starts again
 * because another was faster finds them there.
 */
export function* stage(
  context: ChangeContext,
  type: DiversionType,
  rules: StoredRules,
  place: number,
): StoreWork<Result<string>> {
  const key = context.keys.staging(`${context.nonce}:${place}`);
  const expected = rules.divdata.count * (type.storage === "list" ? 2 : 1);
  const [there] = yield [countCommand(key, type.storage)];
  if (numberReply(there) !== expected) {
    if (there !== 0) {
      // Half of it from an attempt that broke off: a list would have it twice.
      yield [["UNLINK", key]];
    }
    const written = yield* writeStaged(context, key, type.storage, rules.divdata);
    if (!written.ok) {
      return written;
    }
  }
  // Watched from here on: a connection's own writes count as somebody's to WATCH.
  const [, size] = yield [["WATCH", key], countCommand(key, type.storage)];
  return numberReply(size) === expected
    ? success(key)
    : failure(storeRefused(`${key} holds less than was written to it`));
}
