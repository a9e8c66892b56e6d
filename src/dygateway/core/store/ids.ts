import { storeRefused } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError } from "./command.ts";
import type { Command, StoreWork } from "./command.ts";

/** How far a lost id counter is moved on over ids that are in use. */
const MOST_IDS_SKIPPED = 10000;
const IDS_A_STEP = 100;
/** Ids up to here count up exactly and print alike in both runtimes; a counter beyond has been written to by accident. */
export const LARGEST_ID = 1e13;

/**
 * The next free id of a counter: one more than the last, as the predecessor counts; where that is taken (the counter
 * was lost or set back), the first free one after it, so that no policy is ever overwritten.
 */
export function* nextId(counter: string, keyOf: (this: void, id: string) => string): StoreWork<Result<number>> {
  const [last] = yield [["GET", counter]];
  if (isError(last)) {
    return failure(storeRefused(`${counter}: ${last.message}`));
  }
  const start = typeof last === "string" ? Number(last) + 1 : 0;
  if (!(start >= 0 && start <= LARGEST_ID) || Math.floor(start) !== start) {
    return failure(storeRefused(`${counter} is not a number up to ${LARGEST_ID}`));
  }
  for (let first = start; first < start + MOST_IDS_SKIPPED; first += IDS_A_STEP) {
    const commands: Command[] = [];
    for (let id = first; id < first + IDS_A_STEP; id++) {
      commands.push(["EXISTS", keyOf(`${id}`)]);
    }
    const replies = yield commands;
    for (let i = 0; i < replies.length; i++) {
      if (replies[i] === 0) {
        return success(first + i);
      }
    }
  }
  return failure(storeRefused(`${counter} is ${start - 1}, but the ids after it are in use; set it to the last one`));
}
