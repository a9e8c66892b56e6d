import { requestFacts } from "./request_facts.ts";
import { logUndecided, runtimeOfRequest } from "./rewrite.ts";
import { lookFirst } from "./snapshot.ts";
import { forget, remember } from "./tries.ts";
import { hasUpstreams, liveUpstream } from "./upstreams.ts";
import { readVariable, writeVariable } from "./variables.ts";

/**
 * What a rendered location does with a request, as `set_by_lua_block` tells it: pass it to the upstream of nginx's own
 * that `$backend` names (""), to the balancer, or have the rewrite phase decide, as in a location written by hand.
 * (Why not the rewrite phase always: ADR 0014.)
 */
export type Way = "" | "balanced" | "rewrite";

/**
 * @param decided what the diversion says.
 * @param otherwise the location's default, which `$backend` is already.
 * @inlined
 */
function wayTo(decided: string | undefined, otherwise: string): Way {
  if (decided !== undefined) {
    writeVariable("backend", decided);
  }
  if (!hasUpstreams()) {
    return "";
  }
  const upstream = liveUpstream(decided ?? otherwise);
  if (upstream === undefined) {
    // It may have been with one of ours before its answer sent it here.
    forget(false);
    return "";
  }
  if (!upstream.isKept) {
    return "rewrite";
  }
  remember(upstream, true);
  return "balanced";
}

/** Where LuaJIT starts to compile, inside of pcall: compiled code cannot return out of one that it has entered before. */
function decide(hostkey: string | undefined, otherwise: string): Way {
  const runtime = runtimeOfRequest(hostkey ?? readVariable("hostkey"));
  if (runtime?.isForeign === true) {
    return "rewrite";
  }
  const decided = runtime === undefined ? undefined : runtime.decide(requestFacts);
  const way = wayTo(decided, otherwise);
  return way;
}

/** @inlined */
function guarded(hostkey: string | undefined, otherwise: string): Way {
  const way = decide(hostkey, otherwise);
  return way;
}

/**
 * Decides which upstream a request goes to, and by which way.
 *
 * @param hostkey the location's; undefined where it is of variables, and is to be read from `$hostkey`.
 * @param otherwise the location's default upstream.
 * @inlined
 */
export function chooseWay(hostkey: string | undefined, otherwise: string): Way {
  const [decided, way] = pcall(guarded, hostkey, otherwise);
  if (decided) {
    return way;
  }
  logUndecided(runtimeOfRequest(hostkey ?? readVariable("hostkey")), way);
  const undecided = wayTo(undefined, otherwise);
  return undecided;
}

/**
 * The same of a location that diverts nobody.
 * @inlined
 */
export function chooseWayToDefault(otherwise: string): Way {
  lookFirst();
  const way = wayTo(undefined, otherwise);
  return way;
}
