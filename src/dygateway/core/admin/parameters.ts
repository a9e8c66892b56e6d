import { integerText, isDecimal, parseDecimal, MAX_EXACT_INTEGER } from "../decimal.ts";
import { groupIdInvalid, hostnameInvalid, parameterInvalid, policyIdInvalid, runtimeTargetInvalid } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { byteLength, hasControlCharacter } from "../json/utf8.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import type { Target } from "../store/names.ts";
import type { RuntimeTarget } from "../store/runtime_changes.ts";
import { MAX_PAGE } from "../store/policy_reads.ts";

/** The parameters of an admin request, each at most once. */
export type Parameters = Lookup<string>;

const MAX_HOSTNAME_LENGTH = 255;
const DEFAULT_PAGE = 100;

/** The hostname, or hostkey, that an action is about. */
export function hostnameOf(parameters: Parameters): Result<string> {
  const hostname = parameters["hostname"];
  if (hostname === undefined || hostname === "") {
    return failure(hostnameInvalid("it is missing"));
  }
  if (byteLength(hostname) > MAX_HOSTNAME_LENGTH || hasControlCharacter(hostname) || hostname.indexOf(" ") >= 0) {
    return failure(hostnameInvalid(`up to ${MAX_HOSTNAME_LENGTH} bytes without spaces are expected`));
  }
  return success(hostname);
}

/** An id as it is stored, `007` as `7`; undefined where it is no number from 0. */
function idOf(text: string | undefined): string | undefined {
  const id = text === undefined ? -1 : parseDecimal(text);
  return id >= 0 && id <= MAX_EXACT_INTEGER ? integerText(id) : undefined;
}

function target(parameters: Parameters, kind: "policy" | "policygroup", invalid: GatewayError): Result<Target> {
  const name = parameters[`${kind}name`];
  const text = parameters[`${kind}id`];
  if (text === undefined && name !== undefined && name !== "") {
    return success({ name });
  }
  const id = idOf(text);
  return id === undefined ? failure(invalid) : success({ id });
}

export function policyTarget(parameters: Parameters): Result<Target> {
  return target(parameters, "policy", policyIdInvalid());
}

export function groupTarget(parameters: Parameters): Result<Target> {
  return target(parameters, "policygroup", groupIdInvalid());
}

/** What `runtime_set` shall put in force: a policy where one is named, else a group, as the predecessor chose. */
export function runtimeTarget(parameters: Parameters): Result<RuntimeTarget> {
  const policy = policyTarget(parameters);
  if (policy.ok) {
    return success({ kind: "policy", target: policy.value });
  }
  const group = groupTarget(parameters);
  if (!group.ok) {
    return failure(runtimeTargetInvalid());
  }
  const text = parameters["divsteps"];
  const divsteps = text === undefined ? undefined : parseDecimal(text);
  if (divsteps !== undefined && divsteps < 1) {
    return failure(parameterInvalid("divsteps", "a number of levels from 1 is expected"));
  }
  return success({ kind: "policygroup", target: group.value, divsteps });
}

export interface PageRequest {
  readonly from: number;
  readonly count: number;
}

export function pageOf(parameters: Parameters): Result<PageRequest> {
  const count = parameters["count"] === undefined ? DEFAULT_PAGE : parseDecimal(parameters["count"]);
  if (!(count >= 1 && count <= MAX_PAGE)) {
    return failure(parameterInvalid("count", `a number from 1 to ${MAX_PAGE} is expected`));
  }
  const from = parameters["from"] ?? "0";
  if (!isDecimal(from)) {
    return failure(parameterInvalid("from", "a number from 0 is expected: the `next` of the page before"));
  }
  return success({ from: parseDecimal(from), count });
}

export function isForced(parameters: Parameters): boolean {
  return parameters["force"] === "1" || parameters["force"] === "true";
}
