/** Seconds: probes within one slot are due together. */
export const SLOT_SECONDS = 0.05;
/** Seconds between two first probes of an upstream's new peers, while they fit into the interval. */
const FIRST_STEP_SECONDS = 0.01;

const MODULUS = 4294967296;
/** The golden ratio: spreads hashes that differ little over the whole circle. */
const GOLDEN = 0.6180339887498949;

/** Where in every interval a peer has its turn, from 0 up to 1; the same in every worker and after every restart. */
export function turnOf(upstream: string, address: string): number {
  const text = `${upstream} ${address}`;
  let hash = 5381;
  for (let i = 0; i < text.length; i++) {
    hash = (hash * 33 + text.charCodeAt(i)) % MODULUS;
  }
  return (hash * GOLDEN) % 1;
}

/**
 * When a peer that nothing is known of is probed first: soon, where there are few of them, and never all at once.
 *
 * @param peers how many the upstream has. @param interval seconds.
 */
export function firstProbe(turn: number, peers: number, interval: number, now: number): number {
  return now + turn * Math.min(interval, peers * FIRST_STEP_SECONDS);
}

/** The peer's turn that comes after `time`. */
export function nextProbe(turn: number, interval: number, time: number): number {
  const start = Math.floor(time / interval) * interval;
  const inThis = start + turn * interval;
  return inThis > time ? inThis : inThis + interval;
}

/** The probe after one that was due at `due`: not within half an interval, so that a first one out of turn is not doubled. */
export function probeAfter(turn: number, interval: number, due: number, now: number): number {
  return nextProbe(turn, interval, Math.max(due + interval / 2, now));
}

/** Things and when they are due. Adding and taking cost the same however many there are. */
export interface Schedule<T> {
  readonly add: (this: void, item: T, due: number) => void;
  /** Takes out what is due by now; all of it where the clock was set back. */
  readonly take: (this: void, now: number) => T[];
}

/** Where the clock was set ahead further than this (minutes), looking at every slot would take longer than at every item. */
const MOST_SLOTS = 10000;

/** @param start now. */
export function createSchedule<T>(start: number): Schedule<T> {
  let slots: Record<number, T[] | undefined> = {};
  /** The last slot that was handed out. */
  let taken = Math.floor(start / SLOT_SECONDS) - 1;

  function takeAll(): T[] {
    const all: T[] = [];
    for (const key of Object.keys(slots)) {
      for (const item of slots[key as unknown as number] ?? []) {
        all.push(item);
      }
    }
    slots = {};
    return all;
  }

  return {
    add: (item, due) => {
      const wanted = Math.floor(due / SLOT_SECONDS);
      // What should have been done already is due with what comes next.
      const slot = Math.max(wanted, taken + 1);
      const there = slots[slot];
      if (there === undefined) {
        slots[slot] = [item];
      } else {
        there.push(item);
      }
    },
    take: (now) => {
      const current = Math.floor(now / SLOT_SECONDS);
      const from = taken;
      taken = current;
      if (current < from - 1 || current - from > MOST_SLOTS) {
        return takeAll();
      }
      const due: T[] = [];
      for (let slot = from + 1; slot <= current; slot++) {
        for (const item of slots[slot] ?? []) {
          due.push(item);
        }
        delete slots[slot];
      }
      return due;
    },
  };
}
