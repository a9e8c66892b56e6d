import { nameTaken, policyBusy, storeRefused } from "../errors.ts";
import type { CheckedPolicy } from "../policy/policy.ts";
import type { DiversionType, Storage, StoredPairs, StoredRules } from "../diversion/diversion_type.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { countCommand, PAIRS_A_PAGE, writePage, writePairs } from "./divdata.ts";
import { isError, numberReply } from "./command.ts";
import type { Command, StoreWork } from "./command.ts";
import type { Keys } from "./keys.ts";
import { nextId } from "./ids.ts";
import { ownerOf, resolveTarget } from "./names.ts";
import type { Target } from "./names.ts";
import { describeUse, runtimesUsing } from "./runtime_reads.ts";
import { beginChange, commitChange, nothingToChange } from "./transaction.ts";
import type { Change, ChangeContext } from "./transaction.ts";

/** Pairs of a policy that is put together aside, in pipelines of its own, before the transaction renames it. */
const LARGE_POLICY_PAIRS = 5000;
/** Pages of pairs sent in one pipeline. */
const PAGES_A_STEP = 4;
const STAGING_LIFETIME_MS = "600000";

export interface StoredPolicy {
  readonly policyId: string;
}

/** Sends the pages a few at a time; a store that refuses one (it is full, it is a replica) is left without any. */
function* writeStaged(
  context: ChangeContext,
  key: string,
  storage: Storage,
  pairs: StoredPairs,
): StoreWork<Result<null>> {
  const step = PAIRS_A_PAGE * 2 * PAGES_A_STEP;
  for (let first = 0; first < pairs.length; first += step) {
    const pipeline: Command[] = [];
    for (let start = first; start < pairs.length && start < first + step; start += PAIRS_A_PAGE * 2) {
      context.pause();
      pipeline.push(writePage(key, storage, pairs, start));
    }
    pipeline.push(["PEXPIRE", key, STAGING_LIFETIME_MS]);
    const replies = yield pipeline;
    const problem = replies.find((reply) => isError(reply));
    if (isError(problem)) {
      yield [["UNLINK", key]];
      return failure(storeRefused(problem.message));
    }
  }
  return success(null);
}

/**
 * Writes pairs to a key that expires by itself, and makes sure that all of them got there. A change that starts again
 * because another was faster finds them there.
 */
function* stage(
  context: ChangeContext,
  type: DiversionType,
  rules: StoredRules,
  place: number,
): StoreWork<Result<string>> {
  const key = context.keys.staging(`${context.nonce}:${place}`);
  const expected = rules.divdata.length / (type.storage === "list" ? 1 : 2);
  const [there] = yield [countCommand(key, type.storage)];
  if (numberReply(there) !== expected) {
    if (there !== 0) {
      // Half of it from an attempt that broke off: a list would have it twice.
      yield [["UNLINK", key]];
    }
    const written = yield* writeStaged(context, key, type.storage, rules.divdata);
    if (!written.ok) {
      return written;
    }
  }
  // Watched from here on: a connection's own writes count as somebody's to WATCH.
  const [, size] = yield [["WATCH", key], countCommand(key, type.storage)];
  return numberReply(size) === expected
    ? success(key)
    : failure(storeRefused(`${key} holds less than was written to it`));
}

/** The commands that store a policy under `id`. Large ones are staged first. */
function* storePolicy(context: ChangeContext, id: string, policy: CheckedPolicy, place: number): StoreWork<Result<Command[]>> {
  const { keys } = context;
  const commands: Command[] = [["SET", keys.divtype(id), policy.divtype]];
  const { rules } = policy;
  if (rules.kind === "foreign") {
    const written = rules.write(keys.divdata(id));
    if (!written.ok) {
      return written;
    }
    for (const command of written.value) {
      commands.push(command);
    }
  } else if (rules.rules.divdata.length > LARGE_POLICY_PAIRS * 2) {
    const staged = yield* stage(context, rules.type, rules.rules, place);
    if (!staged.ok) {
      return staged;
    }
    commands.push(["RENAME", staged.value, keys.divdata(id)], ["PERSIST", keys.divdata(id)]);
  } else {
    commands.push(...writePairs(keys.divdata(id), rules.type.storage, rules.rules.divdata));
  }
  if (rules.kind === "builtin") {
    commands.push(...writePairs(keys.divdataIpv6(id), "zset", rules.rules.ipv6));
  }
  const { name, userinfo, salt } = policy.meta;
  for (const [field, value] of [["name", name], ["userinfo", userinfo], ["salt", salt]] as const) {
    if (value !== undefined) {
      commands.push(["HSET", keys.policyMeta(id), field, value]);
    }
  }
  if (name !== undefined) {
    commands.push(["HSET", keys.policyNames, name, id]);
  }
  return success(commands);
}

export interface PlannedPolicies {
  readonly ids: string[];
  readonly commands: Command[];
}

/** Plans storing policies with ids one after the other. */
export function* planPolicies(context: ChangeContext, policies: readonly CheckedPolicy[]): StoreWork<Result<PlannedPolicies>> {
  const { keys } = context;
  const ids: string[] = [];
  const commands: Command[] = [];
  const first = yield* nextId(keys.policyIdCount, keys.divtype);
  if (!first.ok) {
    return first;
  }
  let id = first.value;
  for (const policy of policies) {
    const { name } = policy.meta;
    const owner = name === undefined ? undefined : yield* ownerOf(keys, "policy", name);
    if (name !== undefined && owner !== undefined) {
      return failure(nameTaken("policy", name, owner));
    }
    const stored = yield* storePolicy(context, `${id}`, policy, ids.length);
    if (!stored.ok) {
      return stored;
    }
    // Leftovers of a policy that somebody deleted in part must not be mixed into the new one.
    commands.push(deletePolicyKeys(keys, `${id}`));
    for (const command of stored.value) {
      commands.push(command);
    }
    ids.push(`${id}`);
    id++;
    const taken = yield [["EXISTS", keys.divtype(`${id}`)]];
    if (taken[0] === 1 && ids.length < policies.length) {
      return failure(storeRefused(`${keys.policyIdCount} is behind: policy ${id} exists already; set it to the last one`));
    }
  }
  commands.push(["SET", keys.policyIdCount, `${id - 1}`]);
  return success({ ids, commands });
}

export function deletePolicyKeys(keys: Keys, id: string): Command {
  return ["UNLINK", keys.divtype(id), keys.divdata(id), keys.divdataIpv6(id), keys.policyMeta(id)];
}

/** Stores one checked policy under the next id. */
export function* setPolicy(context: ChangeContext, policy: CheckedPolicy): Change<StoredPolicy> {
  const begun = yield* beginChange(context, [context.keys.policyIdCount, context.keys.policyNames]);
  if (!begun.ok) {
    return begun;
  }
  const planned = yield* planPolicies(context, [policy]);
  if (!planned.ok) {
    return planned;
  }
  const policyId = planned.value.ids[0]!;
  const entry = {
    action: "policy_set",
    what: `policy ${policyId}`,
    before: "",
    after: describePolicy(policy),
    hostnames: [],
    policyIds: [policyId],
  };
  return success(commitChange(context, begun.value, entry, planned.value.commands, { policyId }));
}

/** A policy in a few words, for the audit stream. */
export function describePolicy(policy: CheckedPolicy): string {
  const name = policy.meta.name === undefined ? "" : ` '${policy.meta.name}'`;
  if (policy.rules.kind !== "builtin") {
    return `${policy.divtype}${name}`;
  }
  const { type, rules } = policy.rules;
  const textsARule = type.storage === "zset" ? 4 : 2;
  const count = rules.divdata.length / textsARule + rules.ipv6.length / 2;
  return `${policy.divtype}${name}, ${count} ${count === 1 ? "rule" : "rules"}`;
}

/** The commands that take a policy's name back, if it has one that no other policy has been given since. */
export function* releaseName(keys: Keys, id: string): StoreWork<Command[]> {
  const [name] = yield [["HGET", keys.policyMeta(id), "name"]];
  if (typeof name !== "string") {
    return [];
  }
  const [owner] = yield [["HGET", keys.policyNames, name]];
  return owner === id ? [["HDEL", keys.policyNames, name]] : [];
}

/**
 * Deletes a policy; one that is not there is a success, as ever. Refused while a runtime uses it, unless forced.
 */
export function* deletePolicy(context: ChangeContext, target: Target, force: boolean): Change<null> {
  const { keys } = context;
  const begun = yield* beginChange(context, [keys.policyNames]);
  if (!begun.ok) {
    return begun;
  }
  const resolved = yield* resolveTarget(keys, "policy", target);
  if (!resolved.ok) {
    return resolved;
  }
  const id = resolved.value;
  const using = yield* runtimesUsing(keys, [id]);
  if (!using.ok) {
    return using;
  }
  const hostnames = using.value.map((use) => use.hostname);
  if (hostnames.length > 0 && !force) {
    return failure(policyBusy(id, describeUse(using.value)));
  }
  const [existing, divtype] = yield [["EXISTS", ...deletePolicyKeys(keys, id).slice(1)], ["GET", keys.divtype(id)]];
  if (existing === 0) {
    return success(nothingToChange(begun.value, null));
  }
  const released = yield* releaseName(keys, id);
  const entry = {
    action: "policy_del",
    what: `policy ${id}${force ? " (forced)" : ""}`,
    before: typeof divtype === "string" ? divtype : "",
    after: "",
    hostnames,
    policyIds: [id],
  };
  return success(commitChange(context, begun.value, entry, [deletePolicyKeys(keys, id), ...released], null));
}
