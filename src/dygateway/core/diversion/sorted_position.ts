import type { NumberBuffer } from "../buffer.ts";

/** Makes at least 1 of every difference that two bounds can have. */
const HUGE = 2 ** 1000;

/**
 * A function that finds the first of `size` ascending numbers that is not below a value (`size` where there is none).
 *
 * Binary search without branches: each step moves on by its width where the number there is below the value, by
 * arithmetic. A branch would be a coin toss for the processor, and for LuaJIT one path of its own to compile for every
 * place a value can end up; a loop would make it give up on the whole request. (The uniform binary search of Knuth,
 * TAOCP 3, 6.2.1, with the comparison as a clamped product.)
 *
 * Results are named before they are returned: a call in the place of a result is a tail call in Lua, and LuaJIT takes no
 * more than fifteen of those in one piece of compiled code.
 */
export function sortedPosition(sorted: NumberBuffer, size: number): (this: void, value: number) => number {
  const last = size - 1;

  /** Moves from `base` by `width` if the number before there is below the value; behind the end there is nothing. */
  function step(base: number, width: number, value: number): number {
    const at = Math.min(base + width - 1, last);
    const below = Math.min(Math.max((value - sorted[at]!) * HUGE, 0), 1);
    const moved = Math.min(base + width * below, size);
    return moved;
  }

  function within16(from: number, value: number): number {
    const base = step(step(from, 8, value), 4, value);
    const found = step(step(base, 2, value), 1, value);
    return found;
  }

  function within65536(from: number, value: number): number {
    let base = step(step(from, 32768, value), 16384, value);
    base = step(step(base, 8192, value), 4096, value);
    base = step(step(base, 2048, value), 1024, value);
    base = step(step(base, 512, value), 256, value);
    base = step(step(base, 128, value), 64, value);
    const found = within16(step(step(base, 32, value), 16, value), value);
    return found;
  }

  function within1048576(from: number, value: number): number {
    const base = step(step(from, 524288, value), 262144, value);
    const found = within65536(step(step(base, 131072, value), 65536, value), value);
    return found;
  }

  if (size === 0) {
    return () => 0;
  }
  if (size < 16) {
    return (value) => within16(0, value);
  }
  if (size < 65536) {
    return (value) => within65536(0, value);
  }
  if (size < 1048576) {
    return (value) => within1048576(0, value);
  }
  let top = 1048576;
  while (top * 2 <= size) {
    top *= 2;
  }
  return (value) => {
    let base = 0;
    for (let width = top; width >= 1048576; width = width / 2) {
      base = step(base, width, value);
    }
    return within1048576(base, value);
  };
}
