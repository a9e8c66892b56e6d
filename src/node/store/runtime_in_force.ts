import { diversionTypes } from "../../dygateway/core/diversion/index.ts";
import { divtypeNeedsLua, errorInfo, moduleMissing } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import { compileManifest, compileMatcher, type RulesSource } from "../../dygateway/core/runtime/compile.ts";
import type { Runtime } from "../../dygateway/core/runtime/decide.ts";
import { together, type StoreWork } from "../../dygateway/core/store/command.ts";
import type { Keys } from "../../dygateway/core/store/keys.ts";
import { loadRules, type LoadedRules } from "../../dygateway/core/store/load_rules.ts";
import { levelManifest, runtimeManifest, type LevelManifest } from "../../dygateway/core/store/manifest.ts";
import { divtypeOfModule, parserOfModule } from "../../dygateway/core/store/runtime_changes.ts";
import { readRuntime } from "../../dygateway/core/store/runtime_reads.ts";
import { parsers } from "../../dygateway/core/userinfo/parsers.ts";

/** A runtime compiled from what the store holds, by the code that a gateway's workers compile it with. */
export interface StoredRuntimeInForce {
  readonly runtime: Runtime;
  /** Levels, from 1, with a divtype or parser that is a Lua module: what they decide, only a gateway can tell. */
  readonly onlyInGateway: readonly { readonly number: number; readonly module: string }[];
}

interface Pairs {
  readonly divdata: string[];
  readonly ipv6: string[];
}

interface ReadRules {
  readonly pairs: Pairs;
  readonly loaded: Result<LoadedRules>;
}

function* readRules(divDataKey: string): StoreWork<ReadRules> {
  const pairs: Pairs = { divdata: [], ipv6: [] };
  const loaded = yield* loadRules(divDataKey, {
    divdata: (first, second) => pairs.divdata.push(first, second),
    ipv6: (first, second) => pairs.ipv6.push(first, second),
  });
  return { pairs, loaded };
}

function rulesSource({ divdata, ipv6 }: Pairs): RulesSource {
  return {
    count: (divdata.length + ipv6.length) / 2,
    feed: (builder) => {
      eachPair(divdata, builder.addDivdata);
      eachPair(ipv6, builder.addIpv6);
    },
    foreign: (divtype) => failure(divtypeNeedsLua(divtype)),
  };
}

function eachPair(pairs: readonly string[], add: (first: string, second: string) => void): void {
  for (let i = 0; i + 1 < pairs.length; i += 2) add(pairs[i] ?? "", pairs[i + 1] ?? "");
}

/** The Lua module that a level needs, if it needs one. */
function luaModule(level: LevelManifest): string | undefined {
  const divtype = divtypeOfModule(level.divModulename);
  if (divtype !== undefined && diversionTypes[divtype] === undefined) return level.divModulename;
  const parser = parserOfModule(level.userInfoModulename);
  const isForeign = level.userinfo === undefined && parser !== undefined && parsers[parser] === undefined;
  return isForeign ? level.userInfoModulename : undefined;
}

/** Reads and compiles what is in force for a hostname; undefined where there is no runtime. */
export function* runtimeInForce(keys: Keys, hostname: string): StoreWork<Result<StoredRuntimeInForce | undefined>> {
  const read = yield* readRuntime(keys, hostname);
  // A runtime that is broken is an answer, a Redis that does not answer is none.
  if (!read.ok && read.error.code === errorInfo.REDIS_ERROR[0]) return read;
  const levels = read.ok ? (read.value?.levels ?? []) : [];
  const divDataKeys = [...new Set(levels.map((level) => level.divDataKey))].filter((key) => key !== "");
  const results = yield* together(divDataKeys.map((key) => readRules(key)));
  const rules = new Map(divDataKeys.map((key, i) => [key, results[i]]));

  const manifest = runtimeManifest(hostname, read, (level) => {
    const loaded = rules.get(level.divDataKey)?.loaded;
    const problem = loaded?.ok === false ? loaded.error.desc : undefined;
    return levelManifest(keys, level, loaded?.ok === true ? loaded.value : undefined, problem);
  });
  if (manifest === undefined) return success(undefined);
  const runtime = compileManifest(
    manifest,
    (level) => compileMatcher(level, rulesSource(rules.get(level.divDataKey)?.pairs ?? { divdata: [], ipv6: [] })),
    (name) => failure(moduleMissing(name, "it is a Lua module of the gateway")),
  );
  const onlyInGateway = manifest.levels.flatMap((level, i) => {
    const module = level.problem === undefined ? luaModule(level) : undefined;
    return module === undefined ? [] : [{ number: i + 1, module }];
  });
  return success({ runtime, onlyInGateway });
}
