import { records, touch } from "../buffer.ts";
import { plainNumber } from "../decimal.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { noPause } from "../result.ts";
import type { Pause } from "../result.ts";

/** Uids to small positive integers; compact for decimal uids, and exact for every other text. */
export interface UidTable {
  /** @returns the integer put for the uid, or 0 where there is none. */
  readonly get: (this: void, uid: string) => number;
  /** The same of a uid that is a plain number: see core/decimal.ts. */
  readonly getNumber: (this: void, uid: number) => number;
  readonly put: (this: void, uid: string, value: number) => void;
  readonly putNumber: (this: void, uid: number, value: number) => void;
}

const SLOTS_A_BUCKET = 4;
/** A bucket in memory: four doubles, the marks, and their four values as shorts, which take the place of one more. */
const DOUBLES_A_BUCKET = 5;
const SHORTS_A_BUCKET = 20;
const FIRST_SHORT = 16;

/** How full buckets may be; at 0.98 nothing could be placed any more. */
const LOAD = 0.92;
/** Uids that are moved on until the table counts as too full. */
const MOST_MOVES = 500;

const HALF = 67108864;
/** Fractional parts of square roots of primes: multiples of an irrational number lie evenly between 0 and 1. */
const multipliers = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].map((prime) => Math.sqrt(prime) % 1);

/**
 * A hash table of buckets in flat memory: a uid lies in one of two buckets of four slots, and each look-up compares all
 * eight by arithmetic, without a branch: the same work for every uid that is or is not there, in one piece of compiled
 * code, with two places of memory to wait for. (Cuckoo hashing with buckets: Dietzfelbinger and Weidling, 2007.) 11 bytes
 * a uid, where a Lua table takes 40 and a string of its own for each.
 *
 * @param capacity the most uids that will be put; one more throws.
 * @param pause is called while the table's memory is fetched from the system.
 */
export function uidTable(capacity: number, pause: Pause = noPause): UidTable {
  const texts: Lookup<number> = lookup();
  let buckets = Math.ceil(capacity / SLOTS_A_BUCKET / LOAD) + 2;
  let { doubles: marks, shorts: values } = records(buckets, DOUBLES_A_BUCKET * 8);
  // The first uids fall anywhere: each would wait for a page of 2 MB to be cleared, all of them in one slice.
  touch(marks, buckets * DOUBLES_A_BUCKET, pause);
  let used = 0;
  let attempt = 0;
  let [a, b, c, d] = [multipliers[0]!, multipliers[1]!, multipliers[2]!, multipliers[3]!];

  /** @inlined */
  function firstBucket(high: number, low: number): number {
    const place = low * a + high * b;
    return Math.floor((place - Math.floor(place)) * buckets);
  }

  /**
   * Another one than the first.
   * @inlined
   */
  function secondBucket(high: number, low: number, first: number): number {
    const place = low * c + high * d;
    const beyond = first + 1 + Math.floor((place - Math.floor(place)) * (buckets - 1));
    return beyond - buckets * Math.floor(beyond / buckets);
  }

  /**
   * 0 where the slot holds the mark, else 1.
   * @inlined
   */
  function isOther(bucket: number, slot: number, mark: number): number {
    return Math.min(Math.abs(marks[bucket * DOUBLES_A_BUCKET + slot]! - mark), 1);
  }

  /**
   * A slot's value if it holds the mark, else 0. Without `isOther`: LuaJIT compiles no path that calls a function more than
   * 15 times (loopunroll), and to put a uid looks at eight slots here and at up to eight there.
   * @inlined
   */
  function valueIn(bucket: number, slot: number, mark: number): number {
    const other = Math.min(Math.abs(marks[bucket * DOUBLES_A_BUCKET + slot]! - mark), 1);
    return (1 - other) * values[bucket * SHORTS_A_BUCKET + FIRST_SHORT + slot]!;
  }

  /** @inlined */
  function find(number: number): number {
    const high = Math.floor(number / HALF);
    const low = number - high * HALF;
    // The uid + 1, so that 0 marks a free slot.
    const mark = number + 1;
    const first = firstBucket(high, low);
    const second = secondBucket(high, low, first);
    const inFirst =
      valueIn(first, 0, mark) + valueIn(first, 1, mark) + valueIn(first, 2, mark) + valueIn(first, 3, mark);
    const inSecond =
      valueIn(second, 0, mark) + valueIn(second, 1, mark) + valueIn(second, 2, mark) + valueIn(second, 3, mark);
    return inFirst + inSecond;
  }

  /**
   * The first slot of the bucket that holds the mark, or SLOTS_A_BUCKET; as in `find` without a loop and its branches,
   * which would cost a million uids twice the time.
   * @inlined
   */
  function slotWith(bucket: number, mark: number): number {
    const inLast = 1 + isOther(bucket, 3, mark);
    return isOther(bucket, 0, mark) * (1 + isOther(bucket, 1, mark) * (1 + isOther(bucket, 2, mark) * inLast));
  }

  /** @inlined */
  function write(bucket: number, slot: number, mark: number, value: number): void {
    marks[bucket * DOUBLES_A_BUCKET + slot] = mark;
    values[bucket * SHORTS_A_BUCKET + FIRST_SHORT + slot] = value;
  }

  /** Gives a uid that is there another value. */
  function replace(number: number, value: number): void {
    const high = Math.floor(number / HALF);
    const low = number - high * HALF;
    const first = firstBucket(high, low);
    const inFirst = slotWith(first, number + 1);
    if (inFirst < SLOTS_A_BUCKET) {
      write(first, inFirst, number + 1, value);
    } else {
      const second = secondBucket(high, low, first);
      write(second, slotWith(second, number + 1), number + 1, value);
    }
  }

  /**
   * @returns whether it went into a free slot of the bucket.
   * @inlined
   */
  function placeIn(bucket: number, mark: number, value: number): boolean {
    const free = slotWith(bucket, 0);
    if (free === SLOTS_A_BUCKET) {
      return false;
    }
    write(bucket, free, mark, value);
    return true;
  }

  /**
   * Places what is not there yet: in a free slot of its buckets, or where others are moved away from.
   * @inlined
   */
  function place(mark: number, value: number): void {
    const high = Math.floor((mark - 1) / HALF);
    const low = mark - 1 - high * HALF;
    const first = firstBucket(high, low);
    if (!placeIn(first, mark, value) && !placeIn(secondBucket(high, low, first), mark, value)) {
      makeRoom(mark, value);
    }
  }

  /** Moves others to their other bucket where both are full; else anew in a larger table. */
  function makeRoom(newMark: number, newValue: number): void {
    let mark = newMark;
    let value = newValue;
    let from = -1;
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      const high = Math.floor((mark - 1) / HALF);
      const low = mark - 1 - high * HALF;
      const first = firstBucket(high, low);
      const second = secondBucket(high, low, first);
      if (placeIn(first, mark, value) || placeIn(second, mark, value)) {
        return;
      }
      // Whoever was moved last makes room in the bucket that it was not moved from.
      const bucket = first === from ? second : first;
      const slot = moves % SLOTS_A_BUCKET;
      const nextMark = marks[bucket * DOUBLES_A_BUCKET + slot]!;
      const nextValue = values[bucket * SHORTS_A_BUCKET + FIRST_SHORT + slot]!;
      write(bucket, slot, mark, value);
      mark = nextMark;
      value = nextValue;
      from = bucket;
    }
    rebuild(mark, value);
  }

  /** With other multipliers and more room; practically never, and then for a table of a few uids. */
  function rebuild(mark: number, value: number): void {
    const [oldMarks, oldValues, oldBuckets] = [marks, values, buckets];
    attempt++;
    const multiplier = (offset: number): number => multipliers[(attempt * 4 + offset) % multipliers.length]!;
    [a, b, c, d] = [multiplier(0), multiplier(1), multiplier(2), multiplier(3)];
    buckets = Math.ceil(oldBuckets * 1.1) + 2;
    ({ doubles: marks, shorts: values } = records(buckets, DOUBLES_A_BUCKET * 8));
    place(mark, value);
    for (let bucket = 0; bucket < oldBuckets; bucket++) {
      for (let slot = 0; slot < SLOTS_A_BUCKET; slot++) {
        const old = oldMarks[bucket * DOUBLES_A_BUCKET + slot]!;
        if (old !== 0) {
          place(old, oldValues[bucket * SHORTS_A_BUCKET + FIRST_SHORT + slot]!);
        }
      }
    }
  }

  function put(number: number, value: number): void {
    // Nearly all are new, and nearly all of those find a free slot: to see so there is one path and no object.
    if (find(number) !== 0) {
      replace(number, value);
      return;
    }
    used++;
    if (used > capacity) {
      throw new Error(`uid table made for ${capacity} uids got one more`);
    }
    place(number + 1, value);
  }

  return {
    get: /** @inlined */ (uid) => {
      const number = plainNumber(uid);
      const value = number < 0 ? (texts[uid] ?? 0) : find(number);
      return value;
    },
    getNumber: find,
    put: (uid, value) => {
      const number = plainNumber(uid);
      if (number < 0) {
        texts[uid] = value;
      } else {
        put(number, value);
      }
    },
    putNumber: put,
  };
}
