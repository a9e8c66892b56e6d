/** A string-keyed table without inherited keys: a plain Lua table, and in Node an object that has no prototype. */
export type Lookup<T> = Record<string, T>;

export function lookup<T>(): Lookup<T> {
  return { __proto__: null } as unknown as Lookup<T>;
}

/** A set of texts. */
export type TextSet = Lookup<boolean>;

export function textSet(lists: readonly (readonly string[])[]): TextSet {
  const set: TextSet = lookup();
  for (const list of lists) {
    for (const text of list) {
      set[text] = true;
    }
  }
  return set;
}

/** The keys of a lookup in byte order; neither runtime promises an order of its own that the other keeps. */
export function sortedKeys<T>(table: Lookup<T>): string[] {
  const keys = Object.keys(table);
  keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return keys;
}
