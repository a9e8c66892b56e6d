import { lookup, sortedKeys } from "../lookup.ts";
import type { TextSet } from "../lookup.ts";
import type { Pause } from "../result.ts";
import type { Storage, StoredPairs, StoredRules } from "./diversion_type.ts";

const PAIRS_A_SLICE = 512;

/** The upstream that a stored pair of a policy leads to: a sorted set has it behind its member's first colon. */
export function upstreamOfPair(storage: Storage, first: string, second: string): string {
  return storage === "zset" ? first.slice(first.indexOf(":") + 1) : second;
}

function collect(into: TextSet, storage: Storage, pairs: StoredPairs, pause: Pause): void {
  let last = "";
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    if (i % (PAIRS_A_SLICE * 2) === 0) {
      pause();
    }
    const name = upstreamOfPair(storage, pairs[i]!, pairs[i + 1]!);
    if (name !== last) {
      into[name] = true;
      last = name;
    }
  }
}

/** The upstreams that rules lead to, each once, sorted. */
export function upstreamsOfRules(storage: Storage, rules: StoredRules, pause: Pause): string[] {
  const names: TextSet = lookup();
  collect(names, storage, rules.divdata, pause);
  collect(names, "zset", rules.ipv6, pause);
  return sortedKeys(names);
}
