import { doubles } from "../buffer.ts";
import type { NumberBuffer } from "../buffer.ts";
import type { Pause } from "../result.ts";

const ITEMS_A_SLICE = 1024;

/**
 * The order of `count` items, by their numbers from 0: each comes before all that `isBehind` it, and equal ones stay as
 * they were. A merge sort that pauses: the runtimes' own sorts hold up everybody until they are done.
 */
export function sortedOrder(
  count: number,
  isBehind: (this: void, item: number, other: number) => boolean,
  pause: Pause,
): NumberBuffer {
  let order = doubles(count + 1);
  let isSorted = true;
  for (let i = 0; i < count; i++) {
    if (i % ITEMS_A_SLICE === 0) {
      pause();
    }
    order[i] = i;
    isSorted = isSorted && (i === 0 || !isBehind(i - 1, i));
  }
  if (isSorted) {
    return order;
  }
  let merged = doubles(count + 1);
  let untilPause = ITEMS_A_SLICE;
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += width * 2) {
      const middle = Math.min(start + width, count);
      const end = Math.min(middle + width, count);
      let left = start;
      let right = middle;
      for (let to = start; to < end; to++) {
        if (right >= end || (left < middle && !isBehind(order[left]!, order[right]!))) {
          merged[to] = order[left]!;
          left++;
        } else {
          merged[to] = order[right]!;
          right++;
        }
        untilPause--;
        if (untilPause === 0) {
          pause();
          untilPause = ITEMS_A_SLICE;
        }
      }
    }
    [order, merged] = [merged, order];
  }
  return order;
}
