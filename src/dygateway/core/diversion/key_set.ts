import type { Pause } from "../result.ts";
import { murmur2 } from "./hash.ts";
import { numberSet } from "./number_set.ts";
import type { StoredPairs } from "./stored_pairs.ts";

/** Finds the key that stands twice. */
export interface KeySet {
  /**
   * @param before how many pairs stand before the key's own.
   * @returns false where one of those has the key.
   */
  readonly add: (this: void, key: string, before: number) => boolean;
  /** Gives the memory back; the set is not to be used any more. */
  readonly free: (this: void) => void;
}

const TWO_20 = 1048576;
const PAIRS_A_PAGE = 256;

/** 52 bits of hash; two texts of a million have the same once in ten thousand times. */
function hashOf(text: string): number {
  return murmur2(text) * TWO_20 + (murmur2(`${text}:`) % TWO_20);
}

/**
 * Holds only hashes of the keys, since a table of a million texts stands still while it grows; where two are the same,
 * the keys themselves are looked at.
 * @param pairs reads again what was added.
 */
export function keySet(pairs: StoredPairs, pause: Pause): KeySet {
  const hashes = numberSet(pause);

  /** Whether one of the first `count` pairs has the key. */
  function isAmong(key: string, count: number): boolean {
    const next = pairs.open(pause);
    for (let taken = 0; taken < count; taken += PAIRS_A_PAGE) {
      pause();
      const page: string[] = [];
      next(page, Math.min(PAIRS_A_PAGE, count - taken));
      for (let i = 0; i < page.length; i += 2) {
        if (page[i] === key) {
          return true;
        }
      }
    }
    return false;
  }

  return {
    add: (key, before) => hashes.add(hashOf(key)) || !isAmong(key, before),
    free: hashes.free,
  };
}
