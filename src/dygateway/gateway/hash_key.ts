import type { Balancer } from "../core/upstream/balancer.ts";
import { parseKey } from "../core/upstream/parse_key.ts";
import type { KeyPart } from "../core/upstream/parse_key.ts";
import { readVariable } from "./variables.ts";

/** Reads what an upstream chooses by from the request that nginx is handling. */
export type ReadKey = (this: void) => string;

const readNothing: ReadKey = /** @inlined */ () => "";

const readClientAddress: ReadKey = /** @inlined */ () => readVariable("binary_remote_addr") ?? "";

/** @inlined */
function readPart(part: KeyPart): string {
  const value = part.variable ? (readVariable(part.text) ?? "") : part.text;
  return value;
}

/** Written out for as many parts as keys have: a loop would end a request's compiled code. */
function readParts(parts: readonly KeyPart[]): ReadKey {
  const [first, second, third, fourth] = parts;
  if (first === undefined) {
    return readNothing;
  }
  if (second === undefined) {
    return /** @inlined */ () => readPart(first);
  }
  if (third === undefined) {
    return /** @inlined */ () => readPart(first) + readPart(second);
  }
  if (fourth === undefined) {
    return /** @inlined */ () => readPart(first) + readPart(second) + readPart(third);
  }
  if (parts.length === 4) {
    return /** @inlined */ () => readPart(first) + readPart(second) + readPart(third) + readPart(fourth);
  }
  return () => {
    let key = "";
    for (const part of parts) {
      key += readPart(part);
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
