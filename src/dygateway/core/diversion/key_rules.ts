import { policyInvalid } from "../errors.ts";
import { field } from "../json/value.ts";
import type { JsonValue } from "../json/value.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { StoredRules } from "./diversion_type.ts";
import { ruleObject } from "./rule.ts";

const RULES_A_SLICE = 256;

/** Collects the fields of a hash; a key that stands twice is refused, since only one of the two could count. */
export interface KeyCollector {
  readonly pairs: string[];
  readonly seen: Lookup<boolean>;
}

export function keyCollector(): KeyCollector {
  return { pairs: [], seen: lookup() };
}

/** @returns false where the key was there already. */
export function collectKey(collector: KeyCollector, key: string, upstream: string): boolean {
  if (collector.seen[key] === true) {
    return false;
  }
  collector.seen[key] = true;
  collector.pairs.push(key, upstream);
  return true;
}

/**
 * Checks rules of the form `{<name>: key, "upstream": …}`.
 * @param keyOf gives the stored key, or undefined for one that is `expected` to be something else.
 */
export function checkKeyRules(
  rules: JsonValue[],
  name: string,
  keyOf: (value: JsonValue | undefined) => string | undefined,
  expected: string,
  pause: Pause,
): Result<StoredRules> {
  const collector = keyCollector();
  for (let i = 0; i < rules.length; i++) {
    if (i % RULES_A_SLICE === 0) {
      pause();
    }
    const checked = ruleObject(rules[i], i + 1, [name, "upstream"]);
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
  return success({ divdata: collector.pairs, ipv6: [] });
}
