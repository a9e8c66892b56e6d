/** Numbers that look random and are the same in every runtime: a failure can be repeated from its seed. */
export interface Random {
  /** A whole number from 0 to `limit` - 1; `limit` up to 2^31. */
  readonly below: (this: void, limit: number) => number;
  readonly pick: <T>(this: void, items: readonly T[]) => T;
  /** A text of `length` characters out of `alphabet`. */
  readonly text: (this: void, alphabet: string, length: number) => string;
}

const MODULUS = 2147483647;
const MULTIPLIER = 48271;

/** Park and Miller's minimal standard generator; every product stays below 2^53, so it is exact in doubles. */
export function random(seed: number): Random {
  let state = (seed % (MODULUS - 1)) + 1;

  function next(): number {
    state = (state * MULTIPLIER) % MODULUS;
    return (state - 1) / (MODULUS - 1);
  }

  function below(limit: number): number {
    return Math.floor(next() * limit);
  }

  function pick<T>(items: readonly T[]): T {
    return items[below(items.length)] as T;
  }

  function text(alphabet: string, length: number): string {
    let made = "";
    for (let i = 0; i < length; i++) {
      made += alphabet.charAt(below(alphabet.length));
    }
    return made;
  }

  return { below, pick, text };
}
