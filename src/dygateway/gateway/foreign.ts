import { diversionTypes } from "../core/diversion/index.ts";
import type { Matcher } from "../core/diversion/diversion_type.ts";
import { errorOf, moduleMissing, luaFailed } from "../core/errors.ts";
import type { ErrorInfo, GatewayError } from "../core/errors.ts";
import { arrayLength, isAnyArray, isObject, isInteger, openArray } from "../core/json/value.ts";
import type { JsonValue } from "../core/json/value.ts";
import { lookup, sortedKeys } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { ForeignDivtypes, WriteRules } from "../core/policy/policy.ts";
import { failure, noPause, success } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { ReadUserinfo } from "../core/userinfo/source.ts";
import { localDatabase, recordingDatabase } from "./foreign_database.ts";
import type { ForeignDatabase, LocalRules } from "./foreign_database.ts";
import { thisNode } from "./node_settings.ts";
import { requestFacts } from "./request_facts.ts";
import { ngxNull } from "./platform.ts";

declare function require(this: void, name: string): unknown;

/**
 * Third-party diversion modules and userinfo parsers, written to the predecessor's guide: plain Lua, methods on the
 * module's own table, errors raised as `error{ERRORINFO.X, desc}`.
 */
interface DiversionModule {
  "new"(database: ForeignDatabase, policyLib: string): DiversionInstance;
}

interface DiversionInstance {
  check(policy: unknown): unknown;
  set(policy: unknown): unknown;
  getUpstream(userinfo: unknown): unknown;
}

interface ParserModule {
  get(this: void): unknown;
}

interface InitModule {
  readonly divtypes: Lookup<string>;
}

/** The error that a module raised as a pair of the error table's and a detail; undefined for all else that Lua raises. */
function raisedPair(reason: unknown): GatewayError | undefined {
  if (typeof reason !== "object" || reason === null) {
    return undefined;
  }
  const [info, detail] = reason as [unknown, unknown];
  if (typeof info !== "object" || info === null) {
    return undefined;
  }
  const pair = info as ErrorInfo;
  return typeof pair[0] === "number" ? errorOf(pair, typeof detail === "string" ? detail : "") : undefined;
}

/** What a module raised while it checked or stored a policy. */
function raised(reason: unknown): Result<never> {
  return failure(raisedPair(reason) ?? luaFailed("the diversion module", tostring(reason)));
}

/** What was raised while a request was decided, in words. */
export function raisedText(reason: unknown): string {
  return raisedPair(reason)?.desc ?? tostring(reason);
}

/** Divtypes of `lib/abtesting/utils/init.lua` and of the settings; the settings win. */
function registered(): Lookup<string> {
  const all: Lookup<string> = lookup();
  const init = require("abtesting.utils.init") as InitModule;
  for (const divtype of Object.keys(init.divtypes)) {
    all[divtype] = init.divtypes[divtype]!;
  }
  const configured = thisNode().settings.divtypes;
  for (const divtype of Object.keys(configured)) {
    all[divtype] = configured[divtype]!;
  }
  return all;
}

function loadModule(name: string): Result<unknown> {
  const [loaded, module] = pcall(() => require(name));
  if (!loaded) {
    return failure(moduleMissing(name, tostring(module)));
  }
  return typeof module === "object" && module !== null
    ? success(module)
    : failure(moduleMissing(name, "the file does not return a table"));
}

/**
 * An instance of its own for every policy: modules keep `database` and `policyLib` on `self`, which in the predecessor
 * was the module's one table, shared by all policies.
 */
function instantiate(divtype: string, database: ForeignDatabase, key: string): Result<DiversionInstance> {
  const loaded = loadModule(`abtesting.diversion.${divtype}`);
  if (!loaded.ok) {
    return loaded;
  }
  const module = loaded.value as DiversionModule;
  const own = setmetatable({} as DiversionModule, { __index: module });
  const [made, instance] = pcall(() => own.new(database, key));
  return made ? success(instance) : raised(instance);
}

/** JSON as cjson would have decoded it, which is what modules expect. */
export function plainValue(value: JsonValue): unknown {
  if (isAnyArray(value)) {
    const next = openArray(value, noPause);
    const items: unknown[] = [];
    for (let i = 0; i < arrayLength(value); i++) {
      items.push(plainValue(next()));
    }
    return items;
  }
  if (isObject(value)) {
    const table: Lookup<unknown> = lookup();
    for (let i = 0; i < value.keys.length; i++) {
      table[value.keys[i]!] = plainValue(value.values[i]!);
    }
    return table;
  }
  if (isInteger(value)) {
    return tonumber(value.digits);
  }
  return typeof value === "object" ? ngxNull : value;
}

function checkForeign(divtype: string, divdata: JsonValue): Result<WriteRules> {
  const recorder = recordingDatabase();
  const instance = instantiate(divtype, recorder.database, "policy");
  if (!instance.ok) {
    return instance;
  }
  const policy = plainValue(divdata);
  const [ran, verdict] = pcall(() => instance.value.check(policy));
  if (!ran) {
    return raised(verdict);
  }
  const [valid, info, detail] = (typeof verdict === "object" ? verdict : [verdict]) as [unknown, unknown, unknown];
  if (valid !== true) {
    return raised([info, detail]);
  }
  return success((key) => {
    const recording = recordingDatabase();
    const writer = instantiate(divtype, recording.database, key);
    if (!writer.ok) {
      return writer;
    }
    const [written, reason] = pcall(() => writer.value.set(policy));
    return written ? success(recording.commands) : raised(reason);
  });
}

export const foreignDivtypes: ForeignDivtypes = {
  names: () => sortedKeys(registered()).filter((divtype) => diversionTypes[divtype] === undefined),
  parser: (divtype) => registered()[divtype],
  check: checkForeign,
};

/** The answer of `getUpstream` as the core's: nil and the userdata null are no match, everything but a text an error. */
function upstreamOf(answer: unknown): string | undefined {
  if (answer === undefined || answer === ngxNull || typeof answer === "string") {
    return typeof answer === "string" ? answer : undefined;
  }
  throw new Error(`getUpstream answered a ${type(answer)}, a text or nil is expected`);
}

/** A matcher around a third-party module that sees a policy's rules as its database. */
export function foreignMatcher(divtype: string, key: string, rules: LocalRules): Result<Matcher> {
  const instance = instantiate(divtype, localDatabase(key, rules), key);
  if (!instance.ok) {
    return instance;
  }
  const match = (userinfo: string): string | undefined => upstreamOf(instance.value.getUpstream(userinfo));
  return success({
    match,
    explain: (userinfo) => {
      const upstream = match(userinfo);
      return { upstream, why: upstream === undefined ? `module ${divtype} has no upstream for it` : `module ${divtype}` };
    },
  });
}

/**
 * Reads a request's userinfo by a third-party parser. A parser asks nginx itself, so of a request that is only described
 * (`explain`) it can tell nothing: there the description's own `userinfo` counts.
 */
export function foreignParser(name: string): Result<ReadUserinfo> {
  const loaded = loadModule(`abtesting.userinfo.${name}`);
  if (!loaded.ok) {
    return loaded;
  }
  const parser = loaded.value as ParserModule;
  return success((request) => {
    const userinfo = request === requestFacts ? parser.get() : request.variable("userinfo");
    return userinfo === ngxNull || userinfo === "" ? undefined : (userinfo as string | undefined);
  });
}
