import { lookup, sortedKeys } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";

/** Numbers the upstreams that rules lead to, however many they are. */
export interface AllNames {
  readonly number: (this: void, name: string) => number;
  readonly name: (this: void, number: number) => string;
  /** Each once, sorted. */
  readonly sorted: (this: void) => string[];
}

export function allNames(): AllNames {
  const numbers: Lookup<number> = lookup();
  const names: string[] = [];
  return {
    number: (name) => {
      const known = numbers[name];
      if (known !== undefined) {
        return known;
      }
      numbers[name] = names.length;
      names.push(name);
      return names.length - 1;
    },
    name: (number) => names[number]!,
    sorted: () => sortedKeys(numbers),
  };
}
