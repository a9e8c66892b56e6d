import { integers } from "../buffer.ts";
import type { NumberBuffer } from "../buffer.ts";
import { noPause } from "../result.ts";
import type { Pause } from "../result.ts";

/** Makes at least 1 of every difference that two bounds can have. */
const HUGE = 2 ** 1000;
/** Beyond every bound: values above are as good as this one. */
const LARGEST = 1e300;

const NUMBERS_A_PART = 4;
/** A tenth of a millisecond, compiled. */
const NUMBERS_A_PAUSE = 4096;

/** The numbers' span in parts of one width, and where each part begins. */
interface Parts {
  /** The most numbers in one part. */
  readonly widest: number;
  /** Where to begin: the first number of the value's part. */
  readonly start: (this: void, value: number) => number;
}

function partsOf(sorted: NumberBuffer, size: number, pause: Pause): Parts {
  const last = Math.ceil(size / NUMBERS_A_PART);
  const lowest = sorted[0]!;
  const scale = last / Math.max(sorted[size - 1]! - lowest, 1);

  /** @inlined */
  const partOf = (value: number): number => Math.min(Math.max(Math.floor((value - lowest) * scale), 0), last);

  const starts: NumberBuffer = integers(last + 1);
  let widest = 0;
  let part = 0;
  for (let from = 0; from < size; from += NUMBERS_A_PAUSE) {
    pause();
    for (let i = from; i < Math.min(from + NUMBERS_A_PAUSE, size); i++) {
      const own = partOf(sorted[i]!);
      while (part < own) {
        part++;
        starts[part] = i;
      }
      widest = Math.max(widest, i + 1 - starts[part]!);
    }
  }
  for (part++; part <= last; part++) {
    starts[part] = size;
  }
  return { widest, start: /** @inlined */ (value) => starts[partOf(value)]! };
}

/**
 * A function that finds the first of `size` ascending numbers that is not below a value (`size` where there is none).
 *
 * A part of the numbers is found by its place between the least and the greatest, which leaves a few; among these, or
 * among all where they are very unevenly spread, by binary search without branches: each step moves on by its width
 * where the number there is below the value, by arithmetic. A branch would be a coin toss for the processor, and for
 * LuaJIT one path of its own to compile for every place a value can end up; a loop would make it give up on the whole
 * request. (The uniform binary search of Knuth, TAOCP 3, 6.2.1, with the comparison as a clamped product.)
 *
 * Results are named before they are returned: a call in the place of a result is a tail call in Lua, and LuaJIT takes no
 * more than fifteen of those in one piece of compiled code.
 *
 * @param sorted numbers below 1e300; one more than `size` is there, and is written.
 * @param pause is called while the parts are measured.
 */
export function sortedPosition(
  sorted: NumberBuffer,
  size: number,
  pause: Pause = noPause,
): (this: void, value: number) => number {
  sorted[size] = Infinity;

  /**
   * Moves from `base` by `width` if the number before there is below the value, which what stands at the end never is.
   * @inlined
   */
  function step(base: number, width: number, value: number): number {
    const below = Math.min(Math.max((value - sorted[Math.min(base + width - 1, size)]!) * HUGE, 0), 1);
    return base + width * below;
  }

  /** @inlined */
  function within16(from: number, value: number): number {
    const base = step(step(from, 8, value), 4, value);
    const found = step(step(base, 2, value), 1, value);
    return found;
  }

  /** @inlined */
  function within256(from: number, value: number): number {
    const base = step(step(from, 128, value), 64, value);
    const found = within16(step(step(base, 32, value), 16, value), value);
    return found;
  }

  /** @inlined */
  function within65536(from: number, value: number): number {
    let base = step(step(from, 32768, value), 16384, value);
    base = step(step(base, 8192, value), 4096, value);
    base = step(step(base, 2048, value), 1024, value);
    const found = within256(step(step(base, 512, value), 256, value), value);
    return found;
  }

  if (size === 0) {
    return /** @inlined */ () => 0;
  }
  const { widest, start } = partsOf(sorted, size, pause);
  if (widest < 16) {
    return /** @inlined */ (given) => {
      const value = Math.min(given, LARGEST);
      const found = within16(start(value), value);
      return found;
    };
  }
  if (widest < 256) {
    return /** @inlined */ (given) => {
      const value = Math.min(given, LARGEST);
      const found = within256(start(value), value);
      return found;
    };
  }
  if (widest < 65536) {
    return /** @inlined */ (given) => {
      const value = Math.min(given, LARGEST);
      const found = within65536(start(value), value);
      return found;
    };
  }
  let top = 65536;
  while (top * 2 <= widest) {
    top *= 2;
  }
  return (given) => {
    const value = Math.min(given, LARGEST);
    let base = start(value);
    for (let width = top; width >= 65536; width = width / 2) {
      base = step(base, width, value);
    }
    return within65536(base, value);
  };
}
