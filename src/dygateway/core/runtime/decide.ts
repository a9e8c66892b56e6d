import type { Matcher } from "../diversion/diversion_type.ts";
import type { RequestFacts } from "../userinfo/request_facts.ts";
import type { ReadUserinfo } from "../userinfo/source.ts";

/** One level in force, compiled. */
export interface Level {
  /** From 1. */
  readonly number: number;
  readonly policyId: string;
  readonly divtype: string;
  /** Where the userinfo comes from, as an operator would write it. */
  readonly userinfo: string;
  readonly read: ReadUserinfo;
  readonly matcher: Matcher;
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
}

/**
 * The levels as one function, each going on to the next where it has no match. A chain and not a loop, so that LuaJIT
 * compiles a request's whole way in one piece.
 */
export function chainLevels(levels: readonly Level[]): Decide {
  let next: Decide = () => undefined;
  for (let i = levels.length - 1; i >= 0; i--) {
    const { read, matcher } = levels[i]!;
    const { match } = matcher;
    const others = next;
    next = (request) => {
      const userinfo = read(request);
      if (userinfo !== undefined) {
        const upstream = match(userinfo, request);
        if (upstream !== undefined) {
          return upstream;
        }
      }
      return others(request);
    };
  }
  return next;
}

/** A runtime of these levels. */
export function createRuntime(hostname: string, divsteps: number, levels: Level[], broken: BrokenLevel[]): Runtime {
  return { hostname, divsteps, levels, broken, decide: chainLevels(levels) };
}
