import { diversionTypes } from "../core/diversion/index.ts";
import type { Matcher, MatcherBuilder } from "../core/diversion/diversion_type.ts";
import { moduleMissing, policyBroken } from "../core/errors.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { failure, success } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import { createRuntime } from "../core/runtime/decide.ts";
import type { BrokenLevel, Level, Runtime } from "../core/runtime/decide.ts";
import type { LevelManifest, RulesPlace, RuntimeManifest } from "../core/store/manifest.ts";
import { divtypeOfModule, parserOfModule } from "../core/store/runtime_changes.ts";
import { parsers } from "../core/userinfo/parsers.ts";
import { parseUserinfoSource } from "../core/userinfo/source.ts";
import type { UserinfoSource } from "../core/userinfo/source.ts";
import { foreignMatcher, foreignParser } from "./foreign.ts";
import type { LocalRules } from "./foreign_database.ts";
import { cjson } from "./platform.ts";
import { readChunkText } from "./shared_state.ts";

/** Rules vanished from the shared dict while they were read: a later step replaced them. Read that one instead. */
export const OUTDATED = "dygateway: these rules were replaced meanwhile";

/** Matchers in force, by the rules they were compiled from, so that a change compiles only what it changed. */
export interface MatcherCache {
  readonly matchers: Lookup<Result<Matcher>>;
  /** How many levels in force use each. */
  readonly uses: Lookup<number>;
}

export function matcherCache(): MatcherCache {
  return { matchers: lookup(), uses: lookup() };
}

type Take = (this: void, first: string, second: string) => void;

function eachPair(blob: string, from: number, to: number, take: Take, pause: Pause): void {
  for (let number = from; number < to; number++) {
    const text = readChunkText(blob, number);
    const pairs = text === undefined ? undefined : (cjson.decode(text)[0] as string[] | undefined);
    if (pairs === undefined) {
      throw OUTDATED;
    }
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      take(pairs[i]!, pairs[i + 1]!);
    }
    pause();
  }
}

function feed(builder: MatcherBuilder, rules: RulesPlace, pause: Pause): Result<Matcher> {
  eachPair(rules.blob, 0, rules.chunks, builder.addDivdata, pause);
  eachPair(rules.blob, rules.chunks, rules.chunks + rules.ipv6Chunks, builder.addIpv6, pause);
  return builder.finish();
}

function localRules(level: LevelManifest, rules: RulesPlace, pause: Pause): LocalRules {
  const firsts: string[] = [];
  const seconds: string[] = [];
  const take: Take = (first, second) => {
    firsts.push(first);
    seconds.push(second);
  };
  eachPair(rules.blob, 0, rules.chunks, take, pause);
  return { storage: level.storage ?? "hash", firsts, seconds };
}

function compileMatcher(level: LevelManifest, rules: RulesPlace, pause: Pause): Result<Matcher> {
  const divtype = divtypeOfModule(level.divModulename);
  if (divtype === undefined) {
    return failure(moduleMissing(level.divModulename, "only modules of abtesting.diversion are loaded"));
  }
  const type = diversionTypes[divtype];
  if (type === undefined) {
    return foreignMatcher(divtype, level.divDataKey, localRules(level, rules, pause));
  }
  if (level.storage !== type.storage) {
    const found = level.storage ?? "nothing";
    return failure(policyBroken(level.policyId, `${level.divDataKey} is a ${found}, ${divtype} needs a ${type.storage}`));
  }
  const builder = type.builder({ salt: level.salt }, rules.entries + rules.ipv6Entries);
  return feed(builder, rules, pause);
}

function sourceOf(level: LevelManifest): Result<UserinfoSource> {
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

function cacheKey(level: LevelManifest, rules: RulesPlace): string {
  return `${rules.blob} ${level.divModulename} ${level.salt ?? ""}`;
}

function compileLevel(level: LevelManifest, number: number, cache: MatcherCache, pause: Pause): Level | BrokenLevel {
  const { policyId } = level;
  const divtype = divtypeOfModule(level.divModulename) ?? level.divModulename;
  const { rules } = level;
  if (rules === undefined || level.problem !== undefined) {
    return { number, policyId, divtype, reason: level.problem ?? "there are no rules" };
  }
  const source = sourceOf(level);
  if (!source.ok) {
    return { number, policyId, divtype, reason: source.error.desc };
  }
  const key = cacheKey(level, rules);
  let matcher = cache.matchers[key];
  if (matcher === undefined) {
    const [ran, compiled] = pcall(() => compileMatcher(level, rules, pause));
    if (!ran) {
      if ((compiled as unknown) === OUTDATED) {
        throw OUTDATED;
      }
      return { number, policyId, divtype, reason: tostring(compiled) };
    }
    matcher = compiled;
    cache.matchers[key] = matcher;
  }
  if (!matcher.ok) {
    return { number, policyId, divtype, reason: matcher.error.desc };
  }
  return { number, policyId, divtype, userinfo: source.value.text, read: source.value.read, matcher: matcher.value };
}

/**
 * Compiles what a manifest describes. A level that cannot be used is left out, with its reason kept; the others work.
 *
 * @param cache matchers to take what is unchanged from, and to add to.
 * @throws OUTDATED when the rules are gone because a later step replaced them.
 */
export function compileRuntime(manifest: RuntimeManifest, cache: MatcherCache, pause: Pause): Runtime {
  const levels: Level[] = [];
  const broken: BrokenLevel[] = [];
  for (let i = 0; i < manifest.levels.length; i++) {
    const compiled = compileLevel(manifest.levels[i]!, i + 1, cache, pause);
    if ("matcher" in compiled) {
      levels.push(compiled);
    } else {
      broken.push(compiled);
    }
  }
  if (manifest.problem !== undefined) {
    broken.push({ number: 0, policyId: "", divtype: "", reason: manifest.problem });
  }
  return createRuntime(manifest.hostname, manifest.divsteps, levels, broken);
}

/**
 * Takes note that `next` is in force in the place of `before`: matchers that nothing uses any more are let go.
 * @param before, next undefined where a hostname had, or has, no runtime.
 */
export function recordUse(
  cache: MatcherCache,
  before: RuntimeManifest | undefined,
  next: RuntimeManifest | undefined,
): void {
  const count = (manifest: RuntimeManifest | undefined, by: number): void => {
    for (const level of manifest?.levels ?? []) {
      if (level.rules !== undefined) {
        const key = cacheKey(level, level.rules);
        const uses = (cache.uses[key] ?? 0) + by;
        if (uses > 0) {
          cache.uses[key] = uses;
        } else {
          delete cache.uses[key];
          delete cache.matchers[key];
        }
      }
    }
  };
  count(next, 1);
  count(before, -1);
}

/** Lets go of what was compiled for a step that was then given up. */
export function forgetUnused(cache: MatcherCache): void {
  for (const key of Object.keys(cache.matchers)) {
    if (cache.uses[key] === undefined) {
      delete cache.matchers[key];
    }
  }
}
