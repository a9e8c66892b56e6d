import type { Balancer } from "../core/upstream/balancer.ts";
import { parseKey } from "../core/upstream/parse_key.ts";
import type { KeyPart } from "../core/upstream/parse_key.ts";
import { readVariable } from "./variables.ts";

/** Reads what an upstream chooses by from the request that nginx is handling. */
export type ReadKey = (this: void) => string;

const readNothing: ReadKey = /** @inlined */ () => "";

const readClientAddress: ReadKey = /** @inlined */ () => readVariable("binary_remote_addr") ?? "";

function readParts(parts: readonly KeyPart[]): ReadKey {
  const [only] = parts;
  if (parts.length === 1 && only?.variable === true) {
    const { text } = only;
    return /** @inlined */ () => readVariable(text) ?? "";
  }
  return () => {
    let key = "";
    for (const { variable, text } of parts) {
      key += variable ? (readVariable(text) ?? "") : text;
    }
    return key;
  };
}

/** The reader for a balancer; undefined for one that needs no key, whose requests need not read any. */
export function keyReader(balancer: Balancer): ReadKey | undefined {
  const { balance } = balancer.upstream;
  if (balancer.needs === "client_address") {
    return readClientAddress;
  }
  if (balancer.needs !== "key" || balance.kind !== "hash") {
    return undefined;
  }
  const parsed = parseKey(balance.key);
  return parsed.ok ? readParts(parsed.parts) : readNothing;
}
