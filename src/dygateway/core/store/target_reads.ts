import { groupBroken } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError, textReply } from "./command.ts";
import type { StoreWork } from "./command.ts";
import type { Keys } from "./keys.ts";
import { resolveTarget, texts } from "./names.ts";
import type { Target } from "./names.ts";
import { readPolicy } from "./policy_reads.ts";
import type { ReadPolicy } from "./policy_reads.ts";

/** Reads the policy that a target means; undefined where an id has none. */
export function* readPolicyByTarget(keys: Keys, target: Target): StoreWork<Result<ReadPolicy | undefined>> {
  const resolved = yield* resolveTarget(keys, "policy", target);
  return resolved.ok ? yield* readPolicy(keys, resolved.value) : resolved;
}

export interface ReadGroup {
  readonly id: string;
  /** Level 1 first; empty where there is no such group. */
  readonly policyIds: readonly string[];
  readonly name: string | undefined;
}

export function* readGroup(keys: Keys, target: Target): StoreWork<Result<ReadGroup>> {
  const resolved = yield* resolveTarget(keys, "policygroup", target);
  if (!resolved.ok) {
    return resolved;
  }
  const id = resolved.value;
  const [list, name] = yield [
    ["LRANGE", keys.group(id), "0", "-1"],
    ["HGET", keys.groupMeta(id), "name"],
  ];
  return isError(list)
    ? failure(groupBroken(id, list.message))
    : success({ id, policyIds: texts(list), name: textReply(name) });
}
