import { plainNumber } from "../decimal.ts";
import type { JsonValue } from "../json/value.ts";
import type { Pause } from "../result.ts";
import { keySet } from "./key_set.ts";
import { numberSet } from "./number_set.ts";
import { uidOf } from "./rule.ts";
import type { StoredPairs } from "./stored_pairs.ts";

/** Finds the uid that is no uid, and the one that stands twice. */
export interface UidSet {
  /**
   * @param before how many uids were taken before it.
   * @returns what is wrong with it, or undefined.
   */
  readonly take: (this: void, value: JsonValue, before: number) => "invalid" | "twice" | undefined;
  /** Gives the memory back; the set is not to be used any more. */
  readonly free: (this: void) => void;
}

/** The first number of 16 digits: up to here a number has one text, and a text of digits one number. */
const FIRST_LONG = 1e15;
/** @param pairs reads the uids again that were taken. */
export function uidSet(pairs: StoredPairs, pause: Pause): UidSet {
  const numbers = numberSet(pause);
  const texts = keySet(pairs, pause);

  function takeText(uid: string, before: number): "twice" | undefined {
    const number = plainNumber(uid);
    if (number >= 0) {
      return numbers.add(number) ? undefined : "twice";
    }
    return texts.add(uid, before) ? undefined : "twice";
  }

  return {
    take: (value, before) => {
      if (typeof value === "number" && value >= 0 && value < FIRST_LONG && Math.floor(value) === value) {
        return numbers.add(value) ? undefined : "twice";
      }
      const uid = uidOf(value);
      return uid === undefined ? "invalid" : takeText(uid, before);
    },
    free: () => {
      numbers.free();
      texts.free();
    },
  };
}
