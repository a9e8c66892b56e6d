import { divstepsTooDeep, groupUnknown, moduleMissing, policyWithoutData, storeRefused } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { diversionTypes } from "../diversion/index.ts";
import type { ForeignDivtypes } from "../policy/policy.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { MAX_LEVELS } from "../runtime/levels.ts";
import { ofPolicy } from "../upstream/edit_errors.ts";
import { isError, textReply } from "./command.ts";
import type { Command, StoreWork } from "./command.ts";
import { refuseUpstreams } from "./diverted_upstreams.ts";
import type { UpstreamCheck } from "./diverted_upstreams.ts";
import type { Keys } from "./keys.ts";
import { resolveTarget, texts } from "./names.ts";
import type { Target } from "./names.ts";
import { readPolicyUpstreams } from "./policy_upstreams.ts";
import { readRuntime } from "./runtime_reads.ts";
import type { StoredLevel, StoredRuntime } from "./runtime_reads.ts";
import { beginChange, commitChange, nothingToChange } from "./transaction.ts";
import type { Change, ChangeContext } from "./transaction.ts";

/** What a runtime is made from: one policy, or a group of which the first `divsteps` levels count. */
export type RuntimeTarget =
  | { readonly kind: "policy"; readonly target: Target }
  | { readonly kind: "policygroup"; readonly target: Target; readonly divsteps: number | undefined };

const DIVERSION_MODULES = "abtesting.diversion.";
const USERINFO_MODULES = "abtesting.userinfo.";

/** The divtype that a stored module name stands for; undefined for a name outside the one folder that may be loaded. */
export function divtypeOfModule(moduleName: string): string | undefined {
  return safeName(moduleName, DIVERSION_MODULES);
}

/** The parser that a stored module name stands for; undefined for a name outside the one folder that may be loaded. */
export function parserOfModule(moduleName: string): string | undefined {
  return safeName(moduleName, USERINFO_MODULES);
}

function safeName(moduleName: string, head: string): string | undefined {
  if (moduleName.slice(0, head.length) !== head) {
    return undefined;
  }
  const name = moduleName.slice(head.length);
  const lower = name.toLowerCase();
  for (let i = 0; i < lower.length; i++) {
    if ("abcdefghijklmnopqrstuvwxyz0123456789_".indexOf(lower.charAt(i)) < 0) {
      return undefined;
    }
  }
  return name === "" ? undefined : name;
}

function* policyIdsOf(keys: Keys, wanted: RuntimeTarget): StoreWork<Result<string[]>> {
  const resolved = yield* resolveTarget(keys, wanted.kind, wanted.target);
  if (!resolved.ok) {
    return resolved;
  }
  if (wanted.kind === "policy") {
    return success([resolved.value]);
  }
  const [, list] = yield [
    ["WATCH", keys.group(resolved.value)],
    ["LRANGE", keys.group(resolved.value), "0", "-1"],
  ];
  if (isError(list)) {
    return failure(storeRefused(`${keys.group(resolved.value)}: ${list.message}`));
  }
  const ids = texts(list);
  if (ids.length === 0) {
    return failure(groupUnknown(resolved.value));
  }
  const divsteps = wanted.divsteps ?? ids.length;
  return divsteps > ids.length || divsteps > MAX_LEVELS
    ? failure(divstepsTooDeep(divsteps, ids.length))
    : success(ids.slice(0, divsteps));
}

function* levelOf(keys: Keys, id: string, foreign: ForeignDivtypes): StoreWork<Result<StoredLevel>> {
  const replies = yield [
    ["WATCH", keys.divtype(id), keys.divdata(id)],
    ["GET", keys.divtype(id)],
    ["EXISTS", keys.divdata(id), keys.divdataIpv6(id)],
  ];
  const divtype = textReply(replies[1]);
  if (divtype === undefined || replies[2] === 0) {
    return failure(policyWithoutData(id));
  }
  const parser = diversionTypes[divtype]?.parser ?? foreign.parser(divtype);
  if (parser === undefined) {
    return failure(moduleMissing(`policy NO.${id}`, `divtype '${divtype}' is neither built in nor registered`));
  }
  return success({
    divModulename: `${DIVERSION_MODULES}${divtype}`,
    divDataKey: keys.divdata(id),
    userInfoModulename: `${USERINFO_MODULES}${parser}`,
  });
}

/** Why a policy may not be put in force, if so. What a Lua module's rules lead to is not known here. */
function* refuseLevel(
  context: ChangeContext,
  id: string,
  check: UpstreamCheck | undefined,
): StoreWork<GatewayError | undefined> {
  if (check === undefined) {
    return undefined;
  }
  const { isBuiltin, upstreams } = yield* readPolicyUpstreams(context.keys, id, context.pause);
  const refusal = yield* refuseUpstreams(context.keys, isBuiltin ? check : undefined, upstreams);
  return refusal === undefined ? undefined : ofPolicy(id, refusal);
}

function describe(keys: Keys, runtime: StoredRuntime | undefined): string {
  if (runtime === undefined) {
    return "";
  }
  const ids = runtime.levels.map((level) => keys.policyIdOf(level.divDataKey) ?? "?");
  return `policies ${ids.join(",")} (${runtime.divsteps} levels)`;
}

/**
 * Puts a policy or a group in force for a hostname. The runtime that was there is replaced whole, in one transaction,
 * or stays as it was.
 *
 * @param check undefined where dynamic upstreams are not set up.
 */
export function* setRuntime(
  context: ChangeContext,
  hostname: string,
  wanted: RuntimeTarget,
  foreign: ForeignDivtypes,
  check?: UpstreamCheck,
): Change<null> {
  const { keys } = context;
  const begun = yield* beginChange(context, keys.runtime(hostname));
  if (!begun.ok) {
    return begun;
  }
  const ids = yield* policyIdsOf(keys, wanted);
  if (!ids.ok) {
    return ids;
  }
  const levels: StoredLevel[] = [];
  for (const id of ids.value) {
    const level = yield* levelOf(keys, id, foreign);
    if (!level.ok) {
      return level;
    }
    const refusal = yield* refuseLevel(context, id, check);
    if (refusal !== undefined) {
      return failure(refusal);
    }
    levels.push(level.value);
  }
  const before = yield* readRuntime(keys, hostname);
  const divsteps = levels.length;
  const commands: Command[] = [["UNLINK", ...keys.runtime(hostname)], ["SET", keys.divsteps(hostname), `${divsteps}`]];
  for (let number = 0; number < divsteps; number++) {
    const level = levels[number]!;
    commands.push(
      ["SET", keys.level(hostname, number, "divModulename"), level.divModulename],
      ["SET", keys.level(hostname, number, "divDataKey"), level.divDataKey],
      ["SET", keys.level(hostname, number, "userInfoModulename"), level.userInfoModulename],
    );
  }
  const entry = {
    action: "runtime_set",
    what: `hostname ${hostname}`,
    before: before.ok ? describe(keys, before.value) : "broken",
    after: describe(keys, { hostname, divsteps, levels }),
    hostnames: [hostname],
    policyIds: [],
    upstreams: [],
  };
  return success(commitChange(context, begun.value, entry, commands, null));
}

/** Ends the diversion of a hostname; one that has none is a success, as ever. */
export function* deleteRuntime(context: ChangeContext, hostname: string): Change<null> {
  const { keys } = context;
  const begun = yield* beginChange(context, keys.runtime(hostname));
  if (!begun.ok) {
    return begun;
  }
  const before = yield* readRuntime(keys, hostname);
  const [existing] = yield [["EXISTS", ...keys.runtime(hostname)]];
  if (existing === 0) {
    return success(nothingToChange(begun.value, null));
  }
  const entry = {
    action: "runtime_del",
    what: `hostname ${hostname}`,
    before: before.ok ? describe(keys, before.value) : "broken",
    after: "",
    hostnames: [hostname],
    policyIds: [],
    upstreams: [],
  };
  return success(commitChange(context, begun.value, entry, [["UNLINK", ...keys.runtime(hostname)]], null));
}
