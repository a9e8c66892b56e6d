import { inGroup, nameTaken, policyBusy } from "../errors.ts";
import type { CheckedGroup } from "../policy/policy_group.ts";
import { failure, success } from "../result.ts";
import type { Command } from "./command.ts";
import { refuseUpstreams } from "./diverted_upstreams.ts";
import type { UpstreamCheck } from "./diverted_upstreams.ts";
import { ownerOf, resolveTarget, texts } from "./names.ts";
import type { Target } from "./names.ts";
import { nextId } from "./ids.ts";
import { deletePolicyKeys, describePolicy, planPolicies, releaseName } from "./policy_changes.ts";
import { describeUse, runtimesUsing } from "./runtime_reads.ts";
import { beginChange, commitChange, nothingToChange } from "./transaction.ts";
import type { Change, ChangeContext } from "./transaction.ts";

export interface StoredGroup {
  readonly groupId: string;
  readonly policyIds: readonly string[];
}

/**
 * Stores a checked group and its policies, level 1 first.
 * @param check undefined where dynamic upstreams are not set up.
 */
export function* setPolicyGroup(context: ChangeContext, group: CheckedGroup, check?: UpstreamCheck): Change<StoredGroup> {
  const { keys } = context;
  const watched = [keys.policyIdCount, keys.groupIdCount, keys.policyNames, keys.groupNames];
  const begun = yield* beginChange(context, watched);
  if (!begun.ok) {
    return begun;
  }
  const { name } = group;
  const owner = name === undefined ? undefined : yield* ownerOf(keys, "policygroup", name);
  if (name !== undefined && owner !== undefined) {
    return failure(nameTaken("policygroup", name, owner));
  }
  for (let level = 1; level <= group.policies.length; level++) {
    const refusal = yield* refuseUpstreams(keys, check, group.policies[level - 1]!.upstreams);
    if (refusal !== undefined) {
      return failure(inGroup(level, refusal));
    }
  }
  const groupNumber = yield* nextId(keys.groupIdCount, keys.group);
  if (!groupNumber.ok) {
    return groupNumber;
  }
  const planned = yield* planPolicies(context, group.policies);
  if (!planned.ok) {
    return planned;
  }
  const groupId = `${groupNumber.value}`;
  const { ids: policyIds, commands } = planned.value;
  commands.push(
    ["SET", keys.groupIdCount, groupId],
    ["UNLINK", keys.group(groupId), keys.groupMeta(groupId)],
    ["RPUSH", keys.group(groupId), ...policyIds],
  );
  if (name !== undefined) {
    commands.push(["HSET", keys.groupMeta(groupId), "name", name], ["HSET", keys.groupNames, name, groupId]);
  }
  const entry = {
    action: "policygroup_set",
    what: `policygroup ${groupId}`,
    before: "",
    after: group.policies.map((policy, i) => `${policyIds[i]}: ${describePolicy(policy)}`).join("; "),
    hostnames: [],
    policyIds,
    upstreams: [],
  };
  return success(commitChange(context, begun.value, entry, commands, { groupId, policyIds }));
}

/** Deletes a group and its policies; refused while a runtime uses one of them, unless forced. */
export function* deletePolicyGroup(context: ChangeContext, target: Target, force: boolean): Change<null> {
  const { keys } = context;
  const begun = yield* beginChange(context, [keys.policyNames, keys.groupNames]);
  if (!begun.ok) {
    return begun;
  }
  const resolved = yield* resolveTarget(keys, "policygroup", target);
  if (!resolved.ok) {
    return resolved;
  }
  const groupId = resolved.value;
  const replies = yield [
    ["WATCH", keys.group(groupId)],
    ["LRANGE", keys.group(groupId), "0", "-1"],
    ["HGET", keys.groupMeta(groupId), "name"],
  ];
  const policyIds = texts(replies[1]);
  if (policyIds.length === 0) {
    return success(nothingToChange(begun.value, null));
  }
  const using = yield* runtimesUsing(keys, policyIds);
  if (!using.ok) {
    return using;
  }
  const hostnames = using.value.map((use) => use.hostname);
  if (hostnames.length > 0 && !force) {
    const busy = policyIds.filter((id) => using.value.some((use) => use.policyIds.includes(id)));
    return failure(policyBusy(busy.join(","), describeUse(using.value)));
  }
  const commands: Command[] = [["UNLINK", keys.group(groupId), keys.groupMeta(groupId)]];
  if (typeof replies[2] === "string") {
    commands.push(["HDEL", keys.groupNames, replies[2]]);
  }
  for (const id of policyIds) {
    commands.push(deletePolicyKeys(keys, id), ...(yield* releaseName(keys, id)));
  }
  const entry = {
    action: "policygroup_del",
    what: `policygroup ${groupId}${force ? " (forced)" : ""}`,
    before: `policies ${policyIds.join(",")}`,
    after: "",
    hostnames,
    policyIds,
    upstreams: [],
  };
  return success(commitChange(context, begun.value, entry, commands, null));
}
