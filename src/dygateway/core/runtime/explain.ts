import type { Explanation } from "../diversion/diversion_type.ts";
import type { RequestFacts } from "../userinfo/request_facts.ts";
import type { Level, Runtime } from "./decide.ts";

export interface LevelTrace extends Explanation {
  readonly number: number;
  readonly policyId: string;
  readonly divtype: string;
  readonly source: string;
  readonly userinfo: string | undefined;
}

export interface Trace {
  readonly upstream: string | undefined;
  /** The level that decided, from 1; undefined where none did. */
  readonly decidedBy: number | undefined;
  readonly levels: readonly LevelTrace[];
}

function traceLevel(level: Level, request: RequestFacts): LevelTrace {
  const { number, policyId, divtype } = level;
  const userinfo = level.read(request);
  const explanation: Explanation =
    userinfo === undefined
      ? { upstream: undefined, why: `${level.userinfo} has no value in the request` }
      : level.matcher.explain(userinfo, request);
  return { number, policyId, divtype, source: level.userinfo, userinfo, ...explanation };
}

/** The same decision, level by level and with reasons. Levels after the deciding one are shown too. */
export function explain(runtime: Runtime, request: RequestFacts): Trace {
  const levels: LevelTrace[] = runtime.levels.map((level) => traceLevel(level, request));
  for (const broken of runtime.broken) {
    const { number, policyId, divtype } = broken;
    levels.push({
      number,
      policyId,
      divtype,
      source: "",
      userinfo: undefined,
      upstream: undefined,
      why: `skipped: ${broken.reason}`,
    });
  }
  levels.sort((a, b) => a.number - b.number);
  const decidedBy = levels.find((level) => level.upstream !== undefined);
  return { upstream: runtime.decide(request), decidedBy: decidedBy?.number, levels };
}
