import { diversionTypes, divtypeNames } from "../diversion/index.ts";
import type { DiversionType, StoredRules } from "../diversion/diversion_type.ts";
import {
  divtypeUnsupported,
  policyFieldMissing,
  policyFieldUnknown,
  policyInvalid,
  policyNotObject,
  policyOptionInvalid,
} from "../errors.ts";
import { arrayLength, field, isAnyArray, isObject } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { byteLength, hasControlCharacter } from "../json/utf8.ts";
import type { Command } from "../store/command.ts";
import { parseUserinfoSource } from "../userinfo/source.ts";

/** The commands that write a policy's rules under `key`. */
export type WriteRules = (this: void, key: string) => Result<Command[]>;

/**
 * Divtypes that are third-party Lua modules. Only the gateway can run those; elsewhere there are none, and a policy of
 * such a type is refused with words that say where to go.
 */
export interface ForeignDivtypes {
  readonly names: (this: void) => string[];
  /** The userinfo parser registered with the divtype, or undefined where it is not registered. */
  readonly parser: (this: void, divtype: string) => string | undefined;
  readonly check: (this: void, divtype: string, divdata: JsonValue) => Result<WriteRules>;
}

/** What a policy says beside its rules; kept in a hash of its own, which the predecessor does not read. */
export interface PolicyMeta {
  readonly name: string | undefined;
  readonly userinfo: string | undefined;
  readonly salt: string | undefined;
}

export type CheckedRules =
  | { readonly kind: "builtin"; readonly type: DiversionType; readonly rules: StoredRules }
  | { readonly kind: "foreign"; readonly write: WriteRules };

/** A policy that passed every check and can be stored. */
export interface CheckedPolicy {
  readonly divtype: string;
  readonly parser: string;
  readonly meta: PolicyMeta;
  readonly rules: CheckedRules;
  /** That the rules lead to, each once, sorted; none of a Lua module's, which only it can read. */
  readonly upstreams: readonly string[];
}

/** In bytes. */
export const MAX_NAME_LENGTH = 128;

const FIELDS = ["divtype", "divdata", "name", "userinfo", "salt"];

/** Why `name` cannot name a policy or group, or undefined where it can. */
export function nameProblem(name: string): string | undefined {
  if (name === "" || byteLength(name) > MAX_NAME_LENGTH || hasControlCharacter(name)) {
    return `a text of 1 to ${MAX_NAME_LENGTH} bytes without control characters is expected`;
  }
  return undefined;
}

function textOption(policy: JsonObject, option: string): Result<string | undefined> {
  const value = field(policy, option);
  if (value === undefined) {
    return success(undefined);
  }
  const problem = typeof value === "string" ? nameProblem(value) : "a text is expected";
  return problem === undefined ? success(value as string) : failure(policyOptionInvalid(option, problem));
}

function checkMeta(policy: JsonObject, type: DiversionType | undefined): Result<PolicyMeta> {
  const name = textOption(policy, "name");
  if (!name.ok) {
    return name;
  }
  const userinfo = textOption(policy, "userinfo");
  if (!userinfo.ok) {
    return userinfo;
  }
  const salt = textOption(policy, "salt");
  if (!salt.ok) {
    return salt;
  }
  if (userinfo.value !== undefined) {
    if (type !== undefined && !type.takesUserinfo) {
      return failure(policyOptionInvalid("userinfo", `${type.divtype} rules name what they read themselves`));
    }
    const source = parseUserinfoSource(userinfo.value);
    if (!source.ok) {
      return source;
    }
  }
  if (salt.value !== undefined && type?.divtype !== "percent") {
    return failure(policyOptionInvalid("salt", "only percent policies have one"));
  }
  return success({ name: name.value, userinfo: userinfo.value, salt: salt.value });
}

function checkBuiltin(type: DiversionType, divdata: JsonValue, pause: Pause): Result<CheckedRules> {
  if (!isAnyArray(divdata)) {
    return failure(policyInvalid(0, "divdata: a list of rules is expected"));
  }
  if (arrayLength(divdata) === 0) {
    return failure(policyInvalid(0, "policy is blank: divdata has no rules"));
  }
  const rules = type.check(divdata, pause);
  return rules.ok ? success({ kind: "builtin", type, rules: rules.value }) : rules;
}

function checkForeign(divtype: string, divdata: JsonValue, foreign: ForeignDivtypes): Result<CheckedRules> {
  const write = foreign.check(divtype, divdata);
  return write.ok ? success({ kind: "foreign", write: write.value }) : write;
}

/**
 * Checks one policy as an operator wrote it.
 *
 * @returns what to store, or the first thing that is wrong, by the contract's codes: divtype or divdata missing 50101,
 *   unknown divtype 50104, a rule or option that cannot be 50201.
 */
export function checkPolicy(value: JsonValue, foreign: ForeignDivtypes, pause: Pause): Result<CheckedPolicy> {
  if (!isObject(value)) {
    return failure(policyNotObject());
  }
  const divtype = field(value, "divtype");
  const divdata = field(value, "divdata");
  if (divtype === undefined || divdata === undefined) {
    return failure(policyFieldMissing(divtype === undefined ? "divtype" : "divdata"));
  }
  const known = [...divtypeNames, ...foreign.names()].join(", ");
  if (typeof divtype !== "string") {
    return failure(divtypeUnsupported("(not a text)", known));
  }
  const type = diversionTypes[divtype];
  const parser = type?.parser ?? foreign.parser(divtype);
  if (parser === undefined) {
    return failure(divtypeUnsupported(divtype, known));
  }
  const stranger = value.keys.find((key) => !FIELDS.includes(key));
  if (stranger !== undefined) {
    return failure(policyFieldUnknown(stranger));
  }
  const meta = checkMeta(value, type);
  if (!meta.ok) {
    return meta;
  }
  const rules = type === undefined ? checkForeign(divtype, divdata, foreign) : checkBuiltin(type, divdata, pause);
  if (!rules.ok) {
    return rules;
  }
  const checked = rules.value;
  const upstreams = checked.kind === "builtin" ? checked.rules.upstreams : [];
  return success({ divtype, parser, meta: meta.value, rules: checked, upstreams });
}
