import { nameTaken, policyBusy, storeRefused } from "../errors.ts";
import type { CheckedPolicy } from "../policy/policy.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { writePairs } from "./divdata.ts";
import type { Command, StoreWork } from "./command.ts";
import { refuseUpstreams } from "./diverted_upstreams.ts";
import type { UpstreamCheck } from "./diverted_upstreams.ts";
import type { Keys } from "./keys.ts";
import { nextId } from "./ids.ts";
import { ownerOf, resolveTarget } from "./names.ts";
import type { Target } from "./names.ts";
import { keptUpstreams, UPSTREAMS_FIELD } from "./policy_upstreams.ts";
import { describeUse, runtimesUsing } from "./runtime_reads.ts";
import { LARGE_POLICY_PAIRS, stage } from "./staging.ts";
import { beginChange, commitChange, nothingToChange } from "./transaction.ts";
import type { Change, ChangeContext } from "./transaction.ts";

export interface StoredPolicy {
  readonly policyId: string;
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
  } else if (rules.rules.divdata.count > LARGE_POLICY_PAIRS) {
    const staged = yield* stage(context, rules.type, rules.rules, place);
    if (!staged.ok) {
      return staged;
    }
    commands.push(["RENAME", staged.value, keys.divdata(id)], ["PERSIST", keys.divdata(id)]);
    const entries = rules.rules.divdata.count * (rules.type.storage === "list" ? 2 : 1);
    const upstreams = keptUpstreams(entries, policy.upstreams);
    if (upstreams !== undefined) {
      commands.push(["HSET", keys.policyMeta(id), UPSTREAMS_FIELD, upstreams]);
    }
  } else {
    commands.push(...writePairs(keys.divdata(id), rules.type.storage, rules.rules.divdata, context.pause));
  }
  if (rules.kind === "builtin") {
    commands.push(...writePairs(keys.divdataIpv6(id), "zset", rules.rules.ipv6, context.pause));
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

/**
 * Stores one checked policy under the next id.
 * @param check undefined where dynamic upstreams are not set up.
 */
export function* setPolicy(context: ChangeContext, policy: CheckedPolicy, check?: UpstreamCheck): Change<StoredPolicy> {
  const { keys } = context;
  const begun = yield* beginChange(context, [keys.policyIdCount, keys.policyNames]);
  if (!begun.ok) {
    return begun;
  }
  const refusal = yield* refuseUpstreams(keys, check, policy.upstreams);
  if (refusal !== undefined) {
    return failure(refusal);
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
    upstreams: [],
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
  const pairsARule = type.storage === "zset" ? 2 : 1;
  const count = rules.divdata.count / pairsARule + rules.ipv6.count;
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
    upstreams: [],
  };
  return success(commitChange(context, begun.value, entry, [deletePolicyKeys(keys, id), ...released], null));
}
