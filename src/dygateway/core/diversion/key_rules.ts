import { policyInvalid } from "../errors.ts";
import { arrayLength, field, openArray } from "../json/value.ts";
import type { JsonArray, JsonObject, JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { allNames } from "./all_names.ts";
import type { StoredRules } from "./diversion_type.ts";
import { keySet } from "./key_set.ts";
import type { KeySet } from "./key_set.ts";
import { ruleObject } from "./rule.ts";
import { noPairs } from "./stored_pairs.ts";
import type { StoredPairs } from "./stored_pairs.ts";

const RULES_A_SLICE = 256;

/** Rules that are pairs of a key and an upstream. */
export interface KeyRules {
  /** The keys that a rule has. */
  readonly keys: readonly string[];
  /** The stored key of a rule, or what is wrong with it. @param number counts from 1. */
  readonly keyOf: (this: void, rule: JsonObject, number: number) => Result<string>;
  /** A rule for people, of which only the key counts. */
  readonly describe: (this: void, rule: JsonObject) => string;
}

/** The pairs of rules that were checked, read anew from them. */
function pairsOfRules(rules: JsonArray, { keyOf }: KeyRules, count: number): StoredPairs {
  return {
    count,
    open: (pause) => {
      const next = openArray(rules, pause);
      let taken = 0;
      return (into, most) => {
        const end = Math.min(count, taken + most);
        while (taken < end) {
          taken++;
          const rule = next() as JsonObject;
          const key = keyOf(rule, taken);
          if (key.ok) {
            into.push(key.value);
            into.push(field(rule, "upstream") as string);
          }
        }
      };
    },
  };
}

function checkEach(rules: JsonArray, kind: KeyRules, seen: KeySet, pairs: StoredPairs, pause: Pause): Result<StoredRules> {
  const names = allNames();
  const next = openArray(rules, pause);
  for (let number = 1; number <= pairs.count; number++) {
    if (number % RULES_A_SLICE === 0) {
      pause();
    }
    const checked = ruleObject(next(), number, kind.keys);
    if (!checked.ok) {
      return checked;
    }
    const { rule, upstream } = checked.value;
    const key = kind.keyOf(rule, number);
    if (!key.ok) {
      return key;
    }
    if (!seen.add(key.value, number - 1)) {
      return failure(policyInvalid(number, `${kind.describe(rule)} stands in an earlier rule too`));
    }
    names.number(upstream);
  }
  return success({ divdata: pairs, ipv6: noPairs, upstreams: names.sorted() });
}

/** Checks rules; a key that stands twice is refused, since only one of the two could count. */
export function checkKeys(rules: JsonArray, kind: KeyRules, pause: Pause): Result<StoredRules> {
  const pairs = pairsOfRules(rules, kind, arrayLength(rules));
  const seen = keySet(pairs, pause);
  const checked = checkEach(rules, kind, seen, pairs, pause);
  seen.free();
  return checked;
}

/**
 * Checks rules of the form `{<name>: key, "upstream": …}`.
 * @param keyOf gives the stored key, or undefined for one that is `expected` to be something else.
 */
export function checkKeyRules(
  rules: JsonArray,
  name: string,
  keyOf: (value: JsonValue | undefined) => string | undefined,
  expected: string,
  pause: Pause,
): Result<StoredRules> {
  const kind: KeyRules = {
    keys: [name, "upstream"],
    keyOf: (rule, number) => {
      const key = keyOf(field(rule, name));
      return key === undefined ? failure(policyInvalid(number, `${name} invalid: ${expected} is expected`)) : success(key);
    },
    describe: (rule) => `${name} '${keyOf(field(rule, name)) ?? ""}'`,
  };
  return checkKeys(rules, kind, pause);
}
