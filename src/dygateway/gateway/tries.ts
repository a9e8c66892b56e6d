import type { Peer } from "../core/upstream/balancer.ts";
import { upstreamsTried } from "../core/upstream/last_try.ts";
import { peerFailed, peerRecovered } from "./health/passive.ts";
import { isSubrequest, requestKey, wholeSeconds } from "./nginx_lua.ts";
import { hasFailed } from "./try_outcome.ts";
import { upstreamOfBlock } from "./upstreams.ts";
import type { LiveUpstream } from "./upstreams.ts";
import { readVariable } from "./variables.ts";

/** What a request that goes to a dynamic upstream is remembered by, from its rewrite phase to its log phase. */
export interface Tries {
  upstream: LiveUpstream;
  /** Whom it is with now; undefined before the first try and after the last. */
  peer: Peer | undefined;
  /** `$backend` holds the upstream's name and not its block: its location goes to the balancer by itself. */
  isNamed: boolean;
  /** Subrequests have no log phase: their connections are not counted, as nobody would count them down. */
  readonly isCounted: boolean;
  /** Whom it was with before, in this order; undefined as long as it is with the first. */
  tried: Peer[] | undefined;
  /** What the upstream chooses by. */
  key: string;
  /** How many upstreams the request is known to have tried before this one. */
  earlier: number;
  /** An upstream of nginx's own has answered after this one, as an error page wanted it. */
  isElsewhere: boolean;
}

/** By request. A request of nginx's is in one phase at a time and ends in its log phase. */
const running: Record<number, Tries | undefined> = {};
let runningCount = 0;
/** Objects that are not in use: requests take one instead of making it. */
const idle: Tries[] = [];
let idleCount = 0;
const MAX_IDLE = 4096;
const nobody: LiveUpstream = {
  name: "",
  balancer: undefined,
  block: "",
  isKept: false,
  readKey: undefined,
  problem: undefined,
};

/** Where subrequests are remembered: it ends with them. */
interface Context {
  dygatewayTries?: Tries | undefined;
}

function context(): Context {
  return (ngx as unknown as { readonly ctx: Context }).ctx;
}

/**
 * The peer is not the request's any more.
 * @inlined
 */
export function leavePeer(tries: Tries, peer: Peer, failed: boolean, now: number): void {
  const { upstream } = tries;
  const balancer = upstream.balancer!;
  tries.peer = undefined;
  if (tries.isCounted) {
    balancer.release(peer, now);
  }
  if (failed) {
    balancer.failed(peer, now);
    peerFailed(upstream.name, peer);
  } else if (balancer.succeeded(peer, now)) {
    peerRecovered(upstream.name, peer);
  }
}

/**
 * Ends what is under way, as nginx's notes say it went.
 *
 * @param statusTells see `hasFailed`.
 * @inlined
 */
export function settle(tries: Tries, statusTells: boolean): void {
  const { peer } = tries;
  if (peer !== undefined) {
    leavePeer(tries, peer, hasFailed(tries, peer.address, statusTells), wholeSeconds());
  }
}

/** nginx begins anew without our rewrite phase: a redirect, to a location that leaves `$backend` as it is. */
export function beginAgain(tries: Tries): void {
  settle(tries, false);
  tries.isElsewhere = false;
  // The try that begins is noted already.
  tries.earlier = upstreamsTried(readVariable("upstream_status")) - 1;
}

/**
 * Begins anew: an error page has sent a request elsewhere, or an object goes from one request to the next.
 * @inlined
 */
function begin(tries: Tries, upstream: LiveUpstream, isNamed: boolean, earlier: number): void {
  tries.upstream = upstream;
  tries.tried = undefined;
  tries.key = "";
  tries.earlier = earlier;
  tries.isElsewhere = false;
  tries.isNamed = isNamed;
}

/**
 * What waits for its next request keeps nothing alive: neither upstreams that are replaced nor texts.
 * @inlined
 */
function letGo(tries: Tries): void {
  tries.upstream = nobody;
  tries.tried = undefined;
  tries.key = "";
}

/** @inlined */
function newTries(upstream: LiveUpstream, isCounted: boolean): Tries {
  return {
    upstream,
    peer: undefined,
    isNamed: false,
    isCounted,
    tried: undefined,
    key: "",
    earlier: 0,
    isElsewhere: false,
  };
}

/**
 * Remembers where the request that nginx is handling goes.
 *
 * @param isNamed whether `$backend` is left with the upstream's name.
 * @inlined
 */
export function remember(upstream: LiveUpstream, isNamed: boolean): void {
  if (isSubrequest()) {
    context().dygatewayTries = newTries(upstream, false);
    return;
  }
  const request = requestKey();
  let tries = running[request];
  let earlier = 0;
  if (tries !== undefined) {
    // Sent here by an error page; or left behind by one at the same address that had no log phase of ours.
    settle(tries, false);
    earlier = upstreamsTried(readVariable("upstream_status"));
  } else if (idleCount > 0) {
    idleCount--;
    tries = idle[idleCount]!;
    runningCount++;
  } else {
    tries = newTries(upstream, true);
    runningCount++;
  }
  begin(tries, upstream, isNamed, earlier);
  running[request] = tries;
}

/**
 * What is remembered of the request that nginx is handling; undefined where it never was in our rewrite phase.
 * @inlined
 */
export function recall(): Tries | undefined {
  if (isSubrequest()) {
    const { dygatewayTries } = context();
    return dygatewayTries;
  }
  const tries = running[requestKey()];
  return tries;
}

/**
 * What is remembered of a request that has reached the balancer. A subrequest that nginx makes for itself (a slice, the
 * update of a cache in the background) begins behind the rewrite phase; its `$backend` is that of its request.
 */
export function recallOrRemember(): Tries | undefined {
  const known = recall();
  if (known !== undefined || !isSubrequest()) {
    return known;
  }
  const upstream = upstreamOfBlock(readVariable("backend") ?? "");
  if (upstream === undefined) {
    return undefined;
  }
  remember(upstream, false);
  const begun = recall();
  return begun;
}

/** `$backend` for the access log of a request that an upstream of nginx's own has answered; undefined to leave it. */
function nameElsewhere(block: string): string | undefined {
  return readVariable("backend") === block ? "-" : undefined;
}

/**
 * Ends what is remembered of the request.
 *
 * @param statusTells see `hasFailed`.
 * @returns what `$backend` is to be in the access log; undefined where it is that already.
 * @inlined
 */
export function forget(statusTells: boolean): string | undefined {
  if (runningCount === 0) {
    return undefined;
  }
  const request = requestKey();
  const tries = running[request];
  if (tries === undefined) {
    return undefined;
  }
  const { peer, upstream } = tries;
  if (peer === undefined) {
    // Nobody could be tried; yet somebody else may have answered.
    hasFailed(tries, undefined, statusTells);
  } else {
    settle(tries, statusTells);
  }
  running[request] = undefined;
  runningCount--;
  const name = tries.isNamed ? undefined : tries.isElsewhere ? nameElsewhere(upstream.block) : upstream.name;
  if (idleCount < MAX_IDLE) {
    letGo(tries);
    idle[idleCount] = tries;
    idleCount++;
  }
  return name;
}
