import type { Pause } from "../result.ts";

/**
 * Rules in their stored form: field and value of a hash; member and score of a sorted set in score order; a list's
 * elements two by two. Their texts are made a page at a time, when a page is asked for: a million of them at once would
 * hold up whoever shares the process.
 */
export interface StoredPairs {
  readonly count: number;
  /** Reads the pairs from the first on, as often as somebody wants to. */
  readonly open: (this: void, pause: Pause) => NextPairs;
}

/** Appends the next pairs to `into`, up to `most` of them, each as two texts. */
export type NextPairs = (this: void, into: string[], most: number) => void;

/** Pairs that stand in memory, flat. */
export function pairsInMemory(texts: readonly string[]): StoredPairs {
  return {
    count: texts.length / 2,
    open: () => {
      let taken = 0;
      return (into, most) => {
        const end = Math.min(texts.length, taken + most * 2);
        while (taken < end) {
          into.push(texts[taken]!);
          taken++;
        }
      };
    },
  };
}

export const noPairs: StoredPairs = pairsInMemory([]);
