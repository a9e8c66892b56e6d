import { groupEmpty, groupIndexBroken, groupNotObject, groupTooDeep, inGroup, policyOptionInvalid } from "../errors.ts";
import { isObject } from "../json/value.ts";
import type { JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { MAX_LEVELS } from "../runtime/levels.ts";
import { checkPolicy, nameProblem } from "./policy.ts";
import type { CheckedPolicy, ForeignDivtypes } from "./policy.ts";

export interface CheckedGroup {
  readonly name: string | undefined;
  /** Level 1 first. */
  readonly policies: CheckedPolicy[];
}

/**
 * Checks a group `{"1":policy,"2":policy,…}` of up to ten levels; `"name"` beside them names the group.
 *
 * @returns the policies in the order of their levels, or the first error, `policy NO.<n> ` before it where it is a
 *   policy's own.
 */
export function checkPolicyGroup(value: JsonValue, foreign: ForeignDivtypes, pause: Pause): Result<CheckedGroup> {
  if (!isObject(value)) {
    return failure(groupNotObject());
  }
  let name: string | undefined;
  const levels: JsonValue[] = [];
  for (let i = 0; i < value.keys.length; i++) {
    const key = value.keys[i]!;
    const entry = value.values[i]!;
    if (key === "name") {
      const problem = typeof entry === "string" ? nameProblem(entry) : "a text is expected";
      if (problem !== undefined) {
        return failure(policyOptionInvalid("name", problem));
      }
      name = entry as string;
    } else {
      levels.push(entry);
    }
  }
  if (levels.length === 0) {
    return failure(groupEmpty());
  }
  if (levels.length > MAX_LEVELS) {
    return failure(groupTooDeep(levels.length, MAX_LEVELS));
  }
  const stranger = value.keys.find((key) => key !== "name" && !isLevelKey(key, levels.length));
  if (stranger !== undefined) {
    return failure(groupIndexBroken(stranger));
  }
  const policies: CheckedPolicy[] = [];
  const names: string[] = [];
  for (let level = 1; level <= levels.length; level++) {
    const checked = checkPolicy(value.values[value.keys.indexOf(`${level}`)]!, foreign, pause);
    if (!checked.ok) {
      return failure(inGroup(level, checked.error));
    }
    const policyName = checked.value.meta.name;
    if (policyName !== undefined) {
      if (names.includes(policyName)) {
        return failure(inGroup(level, policyOptionInvalid("name", `'${policyName}' names an earlier level too`)));
      }
      names.push(policyName);
    }
    policies.push(checked.value);
  }
  return success({ name, policies });
}

function isLevelKey(key: string, levels: number): boolean {
  for (let level = 1; level <= levels; level++) {
    if (key === `${level}`) {
      return true;
    }
  }
  return false;
}
