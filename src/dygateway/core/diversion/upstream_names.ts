import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";

/** As many as an unsigned short can number. */
const MAX_NAMES = 65535;

/** Numbers upstream names from 1, so that large tables hold two bytes for each use of a name. */
export interface UpstreamNames {
  /** @returns the name's number, or 0 where there are too many names to number another. */
  readonly number: (this: void, name: string) => number;
  /** Whether the name has a number: whoever numbers only names that were checked need not check it again. */
  readonly isKnown: (this: void, name: string) => boolean;
  readonly name: (this: void, number: number) => string | undefined;
}

export function upstreamNames(): UpstreamNames {
  const numbers: Lookup<number> = lookup();
  const names: string[] = [];
  return {
    number: (name) => {
      const known = numbers[name];
      if (known !== undefined) {
        return known;
      }
      if (names.length === MAX_NAMES) {
        return 0;
      }
      names.push(name);
      numbers[name] = names.length;
      return names.length;
    },
    isKnown: (name) => numbers[name] !== undefined,
    name: /** @inlined */ (number) => names[number - 1],
  };
}
