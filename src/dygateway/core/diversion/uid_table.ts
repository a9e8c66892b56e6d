import { doubles, shorts } from "../buffer.ts";
import type { NumberBuffer } from "../buffer.ts";
import { parseDecimal } from "../decimal.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { finalize } from "./hash.ts";

const TWO_32 = 4294967296;
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

/**
 * Open addressing with linear probing in flat memory: 10 bytes a slot and 1.25 slots a uid, where a Lua table takes 40
 * bytes and a string of its own for each. Two cache misses a look-up, however many uids there are.
 *
 * @param capacity the most uids that will be put; one more throws.
 */
export function uidTable(capacity: number): UidTable {
  const slots = Math.floor(capacity * 1.25) + 4;
  /** The uid + 1, so that 0 marks a free slot. */
  const uids: NumberBuffer = doubles(slots);
  const values: NumberBuffer = shorts(slots);
  const texts: Lookup<number> = lookup();
  let used = 0;

  function slotOf(uid: number): number {
    const low = uid % TWO_32;
    const high = (uid - low) / TWO_32;
    let slot = Math.floor((finalize((low + high * 40503) % TWO_32) / TWO_32) * slots);
    while (uids[slot] !== 0 && uids[slot] !== uid + 1) {
      slot = slot + 1 === slots ? 0 : slot + 1;
    }
    return slot;
  }

  return {
    get: (uid) => {
      const number = numberOf(uid);
      return number < 0 ? (texts[uid] ?? 0) : values[slotOf(number)]!;
    },
    put: (uid, value) => {
      const number = numberOf(uid);
      if (number < 0) {
        texts[uid] = value;
        return;
      }
      const slot = slotOf(number);
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
