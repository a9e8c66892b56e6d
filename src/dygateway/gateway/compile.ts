import { byteText } from "../core/byte_text.ts";
import type { Matcher } from "../core/diversion/diversion_type.ts";
import { divdataBroken, luaFailed } from "../core/errors.ts";
import { eachSpan } from "../core/json/pairs_text.ts";
import type { TakeSpan } from "../core/json/pairs_text.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { failure } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import { compileManifest, compileMatcher } from "../core/runtime/compile.ts";
import type { RulesSource } from "../core/runtime/compile.ts";
import type { Runtime } from "../core/runtime/decide.ts";
import type { LevelManifest, RulesPlace, RuntimeManifest } from "../core/store/manifest.ts";
import { foreignMatcher, foreignParser } from "./foreign.ts";
import type { LocalRules } from "./foreign_database.ts";
import { cjson } from "./platform.ts";
import { readChunkText } from "./shared_rules.ts";

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

/** A chunk of ranges takes milliseconds as long as LuaJIT has not compiled what reads it. */
const TEXTS_A_PAUSE = 128;

type Take = (this: void, first: string, second: string) => void;

/** @param read how many pairs of the chunk were taken already. */
function takeDecoded(text: string, read: number, take: Take, pause: Pause): void {
  const pairs = cjson.decode(text)[0] as string[] | undefined;
  if (pairs === undefined) {
    throw OUTDATED;
  }
  for (let i = read * 2; i + 1 < pairs.length; i += 2) {
    take(pairs[i]!, pairs[i + 1]!);
    if (i % TEXTS_A_PAUSE === 0) {
      pause();
    }
  }
}

/** @param takeSpan takes pairs as they lie in the chunks, where that is possible. */
function eachPair(blob: string, from: number, to: number, take: Take, pause: Pause, takeSpan?: TakeSpan): void {
  for (let number = from; number < to; number++) {
    const text = readChunkText(blob, number);
    if (text === undefined) {
      throw OUTDATED;
    }
    const read = takeSpan === undefined ? 0 : eachSpan(byteText(text), takeSpan, pause);
    if (read !== undefined) {
      takeDecoded(text, read, take, pause);
    }
  }
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

function rulesSource(level: LevelManifest, rules: RulesPlace, pause: Pause): RulesSource {
  return {
    count: rules.entries + rules.ipv6Entries,
    pause,
    feed: (builder) => {
      eachPair(rules.blob, 0, rules.chunks, builder.addDivdata, pause, builder.addSpan);
      eachPair(rules.blob, rules.chunks, rules.chunks + rules.ipv6Chunks, builder.addIpv6, pause);
    },
    foreign: (divtype) => foreignMatcher(divtype, level.divDataKey, localRules(level, rules, pause)),
  };
}

function cacheKey(level: LevelManifest, rules: RulesPlace): string {
  return `${rules.blob} ${level.divModulename} ${level.salt ?? ""}`;
}

/** The matcher from the cache, or compiled and added to it. @throws OUTDATED */
function cachedMatcher(level: LevelManifest, cache: MatcherCache, pause: Pause): Result<Matcher> {
  const { rules } = level;
  if (rules === undefined) {
    return failure(divdataBroken("there are no rules"));
  }
  const key = cacheKey(level, rules);
  const cached = cache.matchers[key];
  if (cached !== undefined) {
    return cached;
  }
  const [ran, compiled] = pcall(() => compileMatcher(level, rulesSource(level, rules, pause)));
  if (!ran) {
    if ((compiled as unknown) === OUTDATED) {
      throw OUTDATED;
    }
    return failure(luaFailed(level.divModulename, tostring(compiled)));
  }
  cache.matchers[key] = compiled;
  return compiled;
}

/**
 * Compiles what a manifest describes. A level that cannot be used is left out, with its reason kept; the others work.
 *
 * @param cache matchers to take what is unchanged from, and to add to.
 * @throws OUTDATED when the rules are gone because a later step replaced them.
 */
export function compileRuntime(manifest: RuntimeManifest, cache: MatcherCache, pause: Pause): Runtime {
  return compileManifest(manifest, (level) => cachedMatcher(level, cache, pause), foreignParser);
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
