import { policyInvalid } from "../errors.ts";
import { arrayLength, field, openArray } from "../json/value.ts";
import type { JsonArray, JsonValue } from "../json/value.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { allNames } from "./all_names.ts";
import type { AllNames } from "./all_names.ts";
import type { StoredRules } from "./diversion_type.ts";
import { ruleObject } from "./rule.ts";
import { noPairs, pairsInMemory } from "./stored_pairs.ts";

const RULES_A_SLICE = 256;

/** Collects the fields of a hash; a key that stands twice is refused, since only one of the two could count. */
export interface KeyCollector {
  readonly pairs: string[];
  readonly seen: Lookup<boolean>;
  readonly names: AllNames;
}

export function keyCollector(): KeyCollector {
  return { pairs: [], seen: lookup(), names: allNames() };
}

/** @returns false where the key was there already. */
export function collectKey(collector: KeyCollector, key: string, upstream: string): boolean {
  if (collector.seen[key] === true) {
    return false;
  }
  collector.seen[key] = true;
  collector.pairs.push(key);
  collector.pairs.push(upstream);
  collector.names.number(upstream);
  return true;
}

export function collectedRules({ pairs, names }: KeyCollector): StoredRules {
  return { divdata: pairsInMemory(pairs), ipv6: noPairs, upstreams: names.sorted() };
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
  const collector = keyCollector();
  const keys = [name, "upstream"];
  const count = arrayLength(rules);
  const next = openArray(rules, pause);
  for (let i = 0; i < count; i++) {
    if (i % RULES_A_SLICE === 0) {
      pause();
    }
    const checked = ruleObject(next(), i + 1, keys);
    if (!checked.ok) {
      return checked;
    }
    const key = keyOf(field(checked.value.rule, name));
    if (key === undefined) {
      return failure(policyInvalid(i + 1, `${name} invalid: ${expected} is expected`));
    }
    if (!collectKey(collector, key, checked.value.upstream)) {
      return failure(policyInvalid(i + 1, `${name} '${key}' stands in an earlier rule too`));
    }
  }
  return success(collectedRules(collector));
}
