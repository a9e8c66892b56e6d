import type { Storage } from "./diversion_type.ts";

/** The upstream that a stored pair of a policy leads to: a sorted set has it behind its member's first colon. */
export function upstreamOfPair(storage: Storage, first: string, second: string): string {
  return storage === "zset" ? first.slice(first.indexOf(":") + 1) : second;
}
