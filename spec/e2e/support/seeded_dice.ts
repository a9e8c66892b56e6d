import { random, type Random } from "../../cases/random.ts";

const WARM_UP = 16;

/** The generator of a test, and the line that repeats its run. */
export interface Dice extends Random {
  readonly seed: number;
  /** True `percent` times in a hundred. */
  readonly chance: (percent: number) => boolean;
  /** A whole number from `low` to `high`, both included and below 2^53. */
  readonly between: (low: number, high: number) => number;
  readonly shuffled: <T>(items: readonly T[]) => T[];
}

/** A whole number that the environment sets, such as how many requests a test sends. */
export function numberFrom(variable: string, otherwise: number): number {
  const value = Number(process.env[variable] ?? otherwise);
  if (!Number.isInteger(value) || value < 0) {
    throw new Error(`${variable}: a whole number from 0 is expected`);
  }
  return value;
}

/**
 * The generator of a test. Without the variable it is the same in every run; `random` draws a new seed.
 *
 * @param variable of the environment that sets the seed; it is printed.
 */
export function seededDice(variable: string, otherwise = 1): Dice {
  const seed = process.env[variable] === "random" ? Date.now() % 2147483646 : numberFrom(variable, otherwise);
  console.info(`${variable}=${seed}`);
  const { below, pick, text } = random(seed);
  // The generator's first numbers are small where the seed is.
  for (let i = 0; i < WARM_UP; i++) {
    below(2);
  }

  function between(low: number, high: number): number {
    const size = high - low + 1;
    const drawn = below(67108864) * 134217728 + below(134217728);
    return low + (drawn % size);
  }

  function shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    const order: T[] = [];
    while (left.length > 0) {
      order.push(...left.splice(below(left.length), 1));
    }
    return order;
  }

  return { seed, below, pick, text, between, shuffled, chance: (percent) => below(100) < percent };
}
