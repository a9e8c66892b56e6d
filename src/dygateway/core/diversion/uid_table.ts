import { doubles, shorts } from "../buffer.ts";
import type { NumberBuffer } from "../buffer.ts";
import { parseDecimal } from "../decimal.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { spread, TWO_32 } from "./hash.ts";

/** Digits of the longest uid that is kept as a number. */
const MAX_NUMBER_DIGITS = 15;

/** Uids to small positive integers; compact for decimal uids, and exact for every other text. */
export interface UidTable {
  /** @returns the integer put for the uid, or 0 where there is none. */
  readonly get: (this: void, uid: string) => number;
  readonly put: (this: void, uid: string, value: number) => void;
}

/** A decimal uid as a number, or -1 for one that must stay a text: other characters, leading zeros, too many digits. */
function numberOf(uid: string): number {
  const length = uid.length;
  if (length > MAX_NUMBER_DIGITS || (length > 1 && uid.charCodeAt(0) === 48)) {
    return -1;
  }
  return parseDecimal(uid);
}

/** Slots a uid: at this load a look-up looks at two slots, a miss at three. */
const SLOTS_A_UID = 1.4;

/**
 * Open addressing with linear probing in flat memory: 10 bytes a slot, where a Lua table takes 40 bytes and a string of
 * its own for each uid. One or two cache misses a look-up, however many uids there are.
 *
 * @param capacity the most uids that will be put; one more throws.
 */
export function uidTable(capacity: number): UidTable {
  const slots = Math.floor(capacity * SLOTS_A_UID) + 4;
  /** The uid + 1, so that 0 marks a free slot. */
  const uids: NumberBuffer = doubles(slots);
  const values: NumberBuffer = shorts(slots);
  const texts: Lookup<number> = lookup();
  let used = 0;

  function homeOf(uid: number): number {
    const low = uid % TWO_32;
    const high = (uid - low) / TWO_32;
    return Math.floor((spread((low + high * 40503) % TWO_32) / TWO_32) * slots);
  }

  /** The slot that holds `mark`, or the free one where it would be put. */
  function probe(mark: number, from: number): number {
    let slot = from;
    while (uids[slot] !== 0 && uids[slot] !== mark) {
      slot = slot + 1 === slots ? 0 : slot + 1;
    }
    return slot;
  }

  return {
    get: (uid) => {
      const number = numberOf(uid);
      if (number < 0) {
        return texts[uid] ?? 0;
      }
      // The first slots by hand: most look-ups end there, and LuaJIT compiles them without a loop.
      const mark = number + 1;
      const home = homeOf(number);
      const first = uids[home]!;
      if (first === mark || first === 0) {
        return values[home]!;
      }
      const next = home + 1 === slots ? 0 : home + 1;
      const second = uids[next]!;
      return second === mark || second === 0 ? values[next]! : values[probe(mark, next)]!;
    },
    put: (uid, value) => {
      const number = numberOf(uid);
      if (number < 0) {
        texts[uid] = value;
        return;
      }
      const slot = probe(number + 1, homeOf(number));
      if (uids[slot] === 0) {
        used++;
        if (used > capacity) {
          throw new Error(`uid table made for ${capacity} uids got one more`);
        }
      }
      uids[slot] = number + 1;
      values[slot] = value;
    },
  };
}
