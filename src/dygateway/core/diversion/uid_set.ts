import { plainNumber } from "../decimal.ts";
import type { JsonValue } from "../json/value.ts";
import type { Pause } from "../result.ts";
import { murmur2 } from "./hash.ts";
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
const TWO_20 = 1048576;
const UIDS_A_PAGE = 256;

/** 52 bits of hash; two texts of a million have the same once in ten thousand times. */
function hashOf(text: string): number {
  return murmur2(text) * TWO_20 + (murmur2(`${text}:`) % TWO_20);
}

/** @param pairs reads the uids again that were taken. */
export function uidSet(pairs: StoredPairs, pause: Pause): UidSet {
  const numbers = numberSet(pause);
  /** Of texts only their hashes: a table of a million texts stands still while it grows. */
  const hashes = numberSet(pause);

  /** Whether the text is one of the first `count` uids. */
  function isAmong(uid: string, count: number): boolean {
    const next = pairs.open(pause);
    for (let taken = 0; taken < count; taken += UIDS_A_PAGE) {
      pause();
      const page: string[] = [];
      next(page, Math.min(UIDS_A_PAGE, count - taken));
      for (let i = 0; i < page.length; i += 2) {
        if (page[i] === uid) {
          return true;
        }
      }
    }
    return false;
  }

  function takeText(uid: string, before: number): "twice" | undefined {
    const number = plainNumber(uid);
    if (number >= 0) {
      return numbers.add(number) ? undefined : "twice";
    }
    return hashes.add(hashOf(uid)) || !isAmong(uid, before) ? undefined : "twice";
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
      hashes.free();
    },
  };
}
