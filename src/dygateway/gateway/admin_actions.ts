import {
  groupAnswer,
  groupListAnswer,
  policyAnswer,
  policyListAnswer,
  runtimeAnswer,
  storedGroupAnswer,
} from "../core/admin/answers.ts";
import {
  groupTarget,
  hostnameOf,
  isForced,
  pageOf,
  policyTarget,
  runtimeTarget,
} from "../core/admin/parameters.ts";
import { object } from "../core/json/value.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { checkPolicy } from "../core/policy/policy.ts";
import { checkPolicyGroup } from "../core/policy/policy_group.ts";
import { actionFailed } from "../core/errors.ts";
import { failure } from "../core/result.ts";
import type { UpstreamCheck } from "../core/store/diverted_upstreams.ts";
import { deletePolicyGroup, setPolicyGroup } from "../core/store/group_changes.ts";
import { readGroup, readPolicyByTarget } from "../core/store/target_reads.ts";
import { listGroups, listPolicies } from "../core/store/policy_reads.ts";
import { deletePolicy, setPolicy } from "../core/store/policy_changes.ts";
import { deleteRuntime, setRuntime } from "../core/store/runtime_changes.ts";
import { readRuntime } from "../core/store/runtime_reads.ts";
import { explainRequest, nodeStatus, reportRuntimes } from "./admin_reports.ts";
import { answered, change } from "./admin_action.ts";
import type { Action } from "./admin_action.ts";
import type { AdminContext } from "./admin_context.ts";
import { readJsonBody } from "./admin_request.ts";
import { foreignDivtypes } from "./foreign.ts";
import { localPolicy, localRuntime, orLocal } from "./local_reads.ts";
import { readStore } from "./redis.ts";
import { logNotice } from "./log.ts";
import { readStoreReport } from "./shared_reports.ts";
import { acceptLoss } from "./shared_state.ts";
import { staticUpstreams } from "./static_upstreams.ts";

const silent = (): { readonly detail: string } => ({ detail: "" });

/** What the upstreams of policies are checked against; undefined where dynamic upstreams are not set up. */
function upstreamCheck(context: AdminContext): UpstreamCheck | undefined {
  const force = isForced(context.parameters.once);
  return context.settings.upstreams === undefined ? undefined : { statics: staticUpstreams(), force };
}

function policyFromBody(context: AdminContext): ReturnType<typeof checkPolicy> {
  const body = readJsonBody(context.settings.admin.maxBodyBytes, context.pause);
  return body.ok ? checkPolicy(body.value, foreignDivtypes, context.pause) : body;
}

function groupFromBody(context: AdminContext): ReturnType<typeof checkPolicyGroup> {
  const body = readJsonBody(context.settings.admin.maxBodyBytes, context.pause);
  return body.ok ? checkPolicyGroup(body.value, foreignDivtypes, context.pause) : body;
}

/** Every action of /ab_admin by its name. */
export const actions: Lookup<Action> = lookup();

actions["policy_check"] = (context) => {
  const policy = policyFromBody(context);
  return policy.ok ? answered() : policy;
};

actions["policy_set"] = (context) => {
  const policy = policyFromBody(context);
  if (!policy.ok) {
    return policy;
  }
  const check = upstreamCheck(context);
  return change(context, () => setPolicy(context.change, policy.value, check), ({ policyId }) => ({
    detail: ` the id of new policy is ${policyId}`,
    data: object([["policyid", Number(policyId)]]),
  }));
};

actions["policy_get"] = (context) => {
  const target = policyTarget(context.parameters.once);
  if (!target.ok) {
    return target;
  }
  const { redis } = context.settings;
  return orLocal(
    readStore(redis, readPolicyByTarget(context.keys, target.value)),
    () => localPolicy(target.value, context.pause),
    (policy) => policyAnswer(policy),
  );
};

actions["policy_del"] = (context) => {
  const target = policyTarget(context.parameters.once);
  if (!target.ok) {
    return target;
  }
  const force = isForced(context.parameters.once);
  return change(context, () => deletePolicy(context.change, target.value, force), silent);
};

actions["policy_list"] = (context) => {
  const page = pageOf(context.parameters.once);
  if (!page.ok) {
    return page;
  }
  const read = readStore(context.settings.redis, listPolicies(context.keys, page.value.from, page.value.count));
  return read.ok ? answered(policyListAnswer(read.value)) : read;
};

actions["policygroup_check"] = (context) => {
  const group = groupFromBody(context);
  return group.ok ? answered() : group;
};

actions["policygroup_set"] = (context) => {
  const group = groupFromBody(context);
  if (!group.ok) {
    return group;
  }
  const check = upstreamCheck(context);
  return change(context, () => setPolicyGroup(context.change, group.value, check), (stored) => ({
    detail: "",
    data: storedGroupAnswer(stored),
  }));
};

actions["policygroup_get"] = (context) => {
  const target = groupTarget(context.parameters.once);
  if (!target.ok) {
    return target;
  }
  const read = readStore(context.settings.redis, readGroup(context.keys, target.value));
  return read.ok ? answered(groupAnswer(read.value.id, read.value.policyIds, read.value.name)) : read;
};

actions["policygroup_del"] = (context) => {
  const target = groupTarget(context.parameters.once);
  if (!target.ok) {
    return target;
  }
  const force = isForced(context.parameters.once);
  return change(context, () => deletePolicyGroup(context.change, target.value, force), silent);
};

actions["policygroup_list"] = (context) => {
  const page = pageOf(context.parameters.once);
  if (!page.ok) {
    return page;
  }
  const read = readStore(context.settings.redis, listGroups(context.keys, page.value.from, page.value.count));
  return read.ok ? answered(groupListAnswer(read.value)) : read;
};

actions["runtime_set"] = (context) => {
  const target = runtimeTarget(context.parameters.once);
  if (!target.ok) {
    return target;
  }
  const hostname = hostnameOf(context.parameters.once);
  if (!hostname.ok) {
    return hostname;
  }
  const check = upstreamCheck(context);
  return change(
    context,
    () => setRuntime(context.change, hostname.value, target.value, foreignDivtypes, check),
    silent,
  );
};

actions["runtime_get"] = (context) => {
  const hostname = hostnameOf(context.parameters.once);
  if (!hostname.ok) {
    return hostname;
  }
  return orLocal(
    readStore(context.settings.redis, readRuntime(context.keys, hostname.value)),
    () => localRuntime(hostname.value),
    (runtime) => runtimeAnswer(runtime),
  );
};

actions["runtime_del"] = (context) => {
  const hostname = hostnameOf(context.parameters.once);
  if (!hostname.ok) {
    return hostname;
  }
  return change(context, () => deleteRuntime(context.change, hostname.value), silent);
};

actions["runtime_list"] = reportRuntimes;
actions["status"] = nodeStatus;
actions["explain"] = explainRequest;

actions["store_accept"] = (context) => {
  if (readStoreReport()?.lost !== true) {
    return failure(actionFailed("store_accept", "the store is not known to have lost anything; see action=status"));
  }
  logNotice(`${context.change.who === "" ? context.change.from : context.change.who} accepts the loss of the store's data`);
  acceptLoss();
  return answered(undefined, " this node will take what Redis holds now as the truth");
};
