import { noPause } from "../../../src/dygateway/core/result.ts";
import { storeKeys } from "../../../src/dygateway/core/store/keys.ts";
import type { Keys } from "../../../src/dygateway/core/store/keys.ts";
import { setPolicy } from "../../../src/dygateway/core/store/policy_changes.ts";
import { setPolicyGroup } from "../../../src/dygateway/core/store/group_changes.ts";
import { setRuntime } from "../../../src/dygateway/core/store/runtime_changes.ts";
import type { RuntimeTarget } from "../../../src/dygateway/core/store/runtime_changes.ts";
import { checkPolicyGroup } from "../../../src/dygateway/core/policy/policy_group.ts";
import type { ChangeContext } from "../../../src/dygateway/core/store/transaction.ts";
import { defined } from "../../support/assert.ts";
import { commit } from "./fake_redis.ts";
import type { FakeRedis } from "./fake_redis.ts";
import { json } from "./json.ts";
import { checkText, noForeign } from "./policies.ts";
import { valueOf } from "./results.ts";

export const keys: Keys = storeKeys("ab:test");

/** @param nonce tells one change from another. */
export function context(nonce = "n1", knownRevision = 0): ChangeContext {
  return { keys, who: "alice", from: "127.0.0.1", now: "1700000000000", nonce, pause: noPause, knownRevision };
}

export const suffixPolicy = '{"divtype":"uidsuffix","divdata":[{"suffix":"1","upstream":"beta1"}]}';

export function namedPolicy(name: string): string {
  return `{"divtype":"url","divdata":[{"url":"/a","upstream":"beta2"}],"name":"${name}"}`;
}

/** Stores a policy and gives its id. */
export function addPolicy(redis: FakeRedis, text: string): string {
  return defined(commit(redis, setPolicy(context(), valueOf(checkText(text)))), "the transaction").answer.policyId;
}

/** Stores a group and gives its id. */
export function addGroup(redis: FakeRedis, text: string): string {
  const group = valueOf(checkPolicyGroup(json(text), noForeign, () => {}));
  return defined(commit(redis, setPolicyGroup(context(), group)), "the transaction").answer.groupId;
}

export function ofPolicy(id: string): RuntimeTarget {
  return { kind: "policy", target: { id } };
}

export function ofGroup(id: string, divsteps?: number): RuntimeTarget {
  return { kind: "policygroup", target: { id }, divsteps };
}

/** Puts a policy or group in force. */
export function addRuntime(redis: FakeRedis, hostname: string, target: RuntimeTarget): void {
  defined(commit(redis, setRuntime(context(), hostname, target, noForeign)), "the transaction");
}
