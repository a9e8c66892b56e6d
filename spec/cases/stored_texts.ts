import type { StoredRules } from "../../src/dygateway/core/diversion/diversion_type.ts";
import type { StoredPairs } from "../../src/dygateway/core/diversion/stored_pairs.ts";
import { noPause } from "../../src/dygateway/core/result.ts";

/** The texts of stored pairs. */
export interface StoredTexts {
  readonly divdata: string[];
  readonly ipv6: string[];
}

/** Reads all pairs, as many at a time as nobody would. */
export function textsOfPairs(pairs: StoredPairs): string[] {
  const texts: string[] = [];
  const next = pairs.open(noPause);
  while (texts.length < pairs.count * 2) {
    next(texts, 7);
  }
  next(texts, 1);
  return texts;
}

export function textsOfRules({ divdata, ipv6 }: StoredRules): StoredTexts {
  return { divdata: textsOfPairs(divdata), ipv6: textsOfPairs(ipv6) };
}
