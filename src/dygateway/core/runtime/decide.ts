import type { Matcher } from "../diversion/diversion_type.ts";
import type { RequestFacts } from "../userinfo/request_facts.ts";
import type { ReadNumber, ReadUserinfo } from "../userinfo/source.ts";

/** One level in force, compiled. */
export interface Level {
  /** From 1. */
  readonly number: number;
  readonly policyId: string;
  readonly divtype: string;
  /** Where the userinfo comes from, as an operator would write it. */
  readonly userinfo: string;
  readonly read: ReadUserinfo;
  readonly readNumber?: ReadNumber | undefined;
  readonly matcher: Matcher;
  /** Whether a third-party module or parser has a part in it: such a one may wait, which only the rewrite phase can. */
  readonly isForeign: boolean;
}

/** A level that is skipped: its data, module or parser cannot be used. */
export interface BrokenLevel {
  readonly number: number;
  readonly policyId: string;
  readonly divtype: string;
  readonly reason: string;
}

/**
 * The upstream of a request: the first level with a match decides. Undefined where no level has one: the request goes
 * to its location's default.
 */
export type Decide = (this: void, request: RequestFacts) => string | undefined;

/** All that decides for one hostname; immutable, replaced whole. */
export interface Runtime {
  readonly hostname: string;
  readonly divsteps: number;
  /** The usable ones, in order. */
  readonly levels: readonly Level[];
  readonly broken: readonly BrokenLevel[];
  readonly decide: Decide;
  /** Whether any level is foreign. */
  readonly isForeign: boolean;
}

/** @inlined */
const noLevel: Decide = () => undefined;

/** By the userinfo's text, read once for one level or for two in a row that have the same. */
function byText({ read, matcher }: Level, next: Level | undefined): Decide {
  const { match } = matcher;
  const matchNext = next?.matcher.match;
  if (matchNext === undefined) {
    return /** @inlined */ (request) => {
      const userinfo = read(request);
      const upstream = userinfo === undefined ? undefined : match(userinfo, request);
      return upstream;
    };
  }
  return /** @inlined */ (request) => {
    const userinfo = read(request);
    if (userinfo === undefined) {
      return undefined;
    }
    const upstream = match(userinfo, request) ?? matchNext(userinfo, request);
    return upstream;
  };
}

/** The same, by its number where it is one. */
function decideAt(level: Level, next: Level | undefined): Decide {
  const decideByText = byText(level, next);
  const { readNumber, matcher } = level;
  const { matchNumber } = matcher;
  const matchNext = next === undefined ? matchNumber : next.matcher.matchNumber;
  if (readNumber === undefined || matchNumber === undefined || matchNext === undefined) {
    return decideByText;
  }
  if (next === undefined) {
    return /** @inlined */ (request) => {
      const number = readNumber(request);
      const upstream = number < 0 ? decideByText(request) : matchNumber(number);
      return upstream;
    };
  }
  return /** @inlined */ (request) => {
    const number = readNumber(request);
    if (number < 0) {
      const upstream = decideByText(request);
      return upstream;
    }
    const upstream = matchNumber(number) ?? matchNext(number);
    return upstream;
  };
}

function decisions(levels: readonly Level[]): Decide[] {
  const found: Decide[] = [];
  for (let at = 0; at < levels.length; at++) {
    const level = levels[at]!;
    const next = levels[at + 1];
    const isShared = next?.userinfo === level.userinfo;
    found.push(decideAt(level, isShared ? next : undefined));
    at += isShared ? 1 : 0;
  }
  return found;
}

/**
 * The levels as one function. Written out and not a loop or a function that calls itself, of which LuaJIT follows three
 * turns, so that it compiles a request's whole way in one piece.
 */
export function chainLevels(levels: readonly Level[]): Decide {
  const decided = decisions(levels);
  const at = (index: number): Decide => decided[index] ?? noLevel;
  const [first, second, third] = [at(0), at(1), at(2)];
  if (decided.length <= 1) {
    return first;
  }
  if (decided.length <= 3) {
    return /** @inlined */ (request) => first(request) ?? second(request) ?? third(request);
  }
  const [fourth, fifth, sixth, seventh, eighth, ninth, tenth] = [at(3), at(4), at(5), at(6), at(7), at(8), at(9)];
  return /** @inlined */ (request) =>
    first(request) ?? second(request) ?? third(request) ?? fourth(request) ?? fifth(request) ??
    sixth(request) ?? seventh(request) ?? eighth(request) ?? ninth(request) ?? tenth(request);
}

/** A runtime of these levels. */
export function createRuntime(hostname: string, divsteps: number, levels: Level[], broken: BrokenLevel[]): Runtime {
  const isForeign = levels.some((level) => level.isForeign);
  return { hostname, divsteps, levels, broken, decide: chainLevels(levels), isForeign };
}
