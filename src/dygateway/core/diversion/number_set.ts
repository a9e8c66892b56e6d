import { scratchDoubles } from "../buffer.ts";
import type { Pause } from "../result.ts";

/** A set of whole numbers from 0 to 2^53 - 2 in flat memory; it grows in slices, and no request waits for it. */
export interface NumberSet {
  /** @returns false where the number is there already. */
  readonly add: (this: void, number: number) => boolean;
  /** Gives the memory back; the set is not to be used any more. */
  readonly free: (this: void) => void;
}

const FIRST_SLOTS = 1024;
const SLOTS_A_SLICE = 4096;
/** A quarter of what the system hands out at a time, where it has large pages. */
const SLOTS_A_STEP = 65536;
const HALF = 67108864;
/** Fractional parts of two square roots: multiples of an irrational number lie evenly between 0 and 1. */
const LOW_FACTOR = Math.sqrt(2) - 1;
const HIGH_FACTOR = Math.sqrt(3) - 1;

/** Open addressing with linear probing, at most half full. */
export function numberSet(pause: Pause): NumberSet {
  let slots = FIRST_SLOTS;
  let memory = scratchDoubles(slots);
  let used = 0;

  /** @returns false where the mark is there already. A mark is a number + 1, so that 0 says a slot is free. */
  function place(mark: number): boolean {
    const marks = memory.buffer;
    const high = Math.floor(mark / HALF);
    const at = (mark - high * HALF) * LOW_FACTOR + high * HIGH_FACTOR;
    let slot = Math.floor((at - Math.floor(at)) * slots);
    while (marks[slot] !== 0) {
      if (marks[slot] === mark) {
        return false;
      }
      slot = slot + 1 === slots ? 0 : slot + 1;
    }
    marks[slot] = mark;
    return true;
  }

  function grow(): void {
    const old = memory;
    const oldSlots = slots;
    slots *= 2;
    memory = scratchDoubles(slots);
    // The system hands memory out where it is first written to, and clears it then: not all of it in one go.
    for (let slot = 0; slot < slots; slot += SLOTS_A_STEP) {
      pause();
      memory.buffer[slot] = 0;
    }
    for (let slot = 0; slot < oldSlots; slot++) {
      if (slot % SLOTS_A_SLICE === 0) {
        pause();
      }
      const mark = old.buffer[slot]!;
      if (mark !== 0) {
        place(mark);
      }
    }
    old.free();
  }

  return {
    add: (number) => {
      if (used * 2 >= slots) {
        grow();
      }
      const isNew = place(number + 1);
      used += isNew ? 1 : 0;
      return isNew;
    },
    free: () => memory.free(),
  };
}
