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

/** All that decides for one hostname; immutable, replaced whole. */
export interface Runtime {
  readonly hostname: string;
  readonly divsteps: number;
  /** The usable ones, in order. */
  readonly levels: readonly Level[];
  readonly broken: readonly BrokenLevel[];
}

/**
 * The upstream of a request: the first level with a match decides.
 *
 * @returns undefined where no level has one: the request goes to its location's default.
 */
export function decide(runtime: Runtime, request: RequestFacts): string | undefined {
  const { levels } = runtime;
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i]!;
    const userinfo = level.read(request);
    if (userinfo !== undefined) {
      const upstream = level.matcher.match(userinfo, request);
      if (upstream !== undefined) {
        return upstream;
      }
    }
  }
  return undefined;
}
