import { diversionTypes } from "../diversion/index.ts";
import type { Matcher, MatcherBuilder } from "../diversion/diversion_type.ts";
import { moduleMissing, policyBroken } from "../errors.ts";
import { shortened } from "../json/utf8.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { LevelManifest, RuntimeManifest } from "../store/manifest.ts";
import { divtypeOfModule, parserOfModule } from "../store/runtime_changes.ts";
import { parsers } from "../userinfo/parsers.ts";
import { parseUserinfoSource } from "../userinfo/source.ts";
import type { ReadUserinfo, UserinfoSource } from "../userinfo/source.ts";
import { createRuntime } from "./decide.ts";
import type { BrokenLevel, Level, Runtime } from "./decide.ts";

/** A level's stored rules, wherever the shell holds them. */
export interface RulesSource {
  /** How many pairs `feed` adds at most. */
  readonly count: number;
  /** Called where a large table is set up. */
  readonly pause?: Pause;
  readonly feed: (this: void, builder: MatcherBuilder) => void;
  /** A third-party module over the same rules. */
  readonly foreign: (this: void, divtype: string) => Result<Matcher>;
}

/** A level's matcher: compiled, or the one that the shell still has from before. */
export type MatcherOf = (this: void, level: LevelManifest) => Result<Matcher>;

/** A third-party userinfo parser by its name. */
export type ForeignParser = (this: void, name: string) => Result<ReadUserinfo>;

/** Compiles the rules of one level. */
export function compileMatcher(level: LevelManifest, rules: RulesSource): Result<Matcher> {
  const divtype = divtypeOfModule(level.divModulename);
  if (divtype === undefined) {
    return failure(moduleMissing(level.divModulename, "only modules of abtesting.diversion are loaded"));
  }
  const type = diversionTypes[divtype];
  if (type === undefined) {
    return rules.foreign(divtype);
  }
  if (level.storage !== type.storage) {
    const found = level.storage ?? "nothing";
    return failure(policyBroken(level.policyId, `${level.divDataKey} is a ${found}, ${divtype} needs a ${type.storage}`));
  }
  const builder = type.builder({ salt: level.salt }, rules.count, rules.pause);
  rules.feed(builder);
  return builder.finish();
}

function sourceOf(level: LevelManifest, foreignParser: ForeignParser): Result<UserinfoSource> {
  if (level.userinfo !== undefined) {
    return parseUserinfoSource(level.userinfo);
  }
  const name = parserOfModule(level.userInfoModulename);
  if (name === undefined) {
    return failure(moduleMissing(level.userInfoModulename, "only modules of abtesting.userinfo are loaded"));
  }
  const builtin = parsers[name];
  if (builtin !== undefined) {
    return success(builtin);
  }
  const read = foreignParser(name);
  return read.ok ? success({ text: name, read: read.value }) : read;
}

function hasForeignParser(level: LevelManifest): boolean {
  const name = level.userinfo === undefined ? parserOfModule(level.userInfoModulename) : undefined;
  return name !== undefined && parsers[name] === undefined;
}

function compileLevel(
  level: LevelManifest,
  number: number,
  matcherOf: MatcherOf,
  foreignParser: ForeignParser,
): Level | BrokenLevel {
  const { policyId } = level;
  const divtype = divtypeOfModule(level.divModulename) ?? level.divModulename;
  if (level.problem !== undefined) {
    return { number, policyId, divtype, reason: level.problem };
  }
  const source = sourceOf(level, foreignParser);
  if (!source.ok) {
    return { number, policyId, divtype, reason: source.error.desc };
  }
  const matcher = matcherOf(level);
  if (!matcher.ok) {
    return { number, policyId, divtype, reason: matcher.error.desc };
  }
  const { text, read, readNumber } = source.value;
  const isForeign = diversionTypes[divtype] === undefined || hasForeignParser(level);
  return { number, policyId, divtype, userinfo: text, read, readNumber, matcher: matcher.value, isForeign };
}

/** Of a reason, which may quote what is stored. */
const LONGEST_REASON = 400;

/** Compiles what a manifest describes. A level that cannot be used is left out, with its reason kept; the others work. */
export function compileManifest(manifest: RuntimeManifest, matcherOf: MatcherOf, foreignParser: ForeignParser): Runtime {
  const levels: Level[] = [];
  const broken: BrokenLevel[] = [];
  for (let i = 0; i < manifest.levels.length; i++) {
    const compiled = compileLevel(manifest.levels[i]!, i + 1, matcherOf, foreignParser);
    if ("matcher" in compiled) {
      levels.push(compiled);
    } else {
      broken.push({ ...compiled, reason: shortened(compiled.reason, LONGEST_REASON) });
    }
  }
  if (manifest.problem !== undefined) {
    broken.push({ number: 0, policyId: "", divtype: "", reason: manifest.problem });
  }
  return createRuntime(manifest.hostname, manifest.divsteps, levels, broken);
}
