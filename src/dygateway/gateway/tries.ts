import type { Peer } from "../core/upstream/balancer.ts";
import { peerFailed, peerRecovered } from "./health/passive.ts";
import { isSubrequest, requestKey, wholeSeconds } from "./nginx_lua.ts";
import type { LiveUpstream } from "./upstreams.ts";
import { readVariable } from "./variables.ts";

/** What a request that goes to a dynamic upstream is remembered by, from its rewrite phase to its log phase. */
export interface Tries {
  upstream: LiveUpstream;
  /** Whom it is with now; undefined before the first try and after the last. */
  peer: Peer | undefined;
  /** Subrequests have no log phase: their connections are not counted, as nobody would count them down. */
  readonly isCounted: boolean;
  /** Whom it was with before, in this order; undefined as long as it is with the first. */
  tried: Peer[] | undefined;
  /** What the upstream chooses by. */
  key: string;
}

/** By request. A request of nginx's is in one phase at a time and ends in its log phase. */
const running: Record<number, Tries | undefined> = {};
let runningCount = 0;
/** Objects that are not in use: requests take one instead of making it. */
const idle: Tries[] = [];
let idleCount = 0;
const MAX_IDLE = 4096;
const nobody: LiveUpstream = { name: "", balancer: undefined, block: "", readKey: undefined, problem: undefined };

/** Where subrequests are remembered: it ends with them. */
interface Context {
  dygatewayTries?: Tries | undefined;
}

function context(): Context {
  return (ngx as unknown as { readonly ctx: Context }).ctx;
}

/**
 * How the last try of the request ended, by what nginx has noted: no answer at all, or none that it could read.
 * @inlined
 */
function hasFailed(): boolean {
  const status = readVariable("upstream_status");
  // Of one try, the usual one: a text that Lua has already, so that comparing is all that is done.
  if (status === undefined || (status.length === 3 && status !== "502" && status !== "504")) {
    return false;
  }
  const last = status.slice(status.length - 3);
  // A peer that answers 502 itself has sent a header; it is not for nginx to count that, either.
  return (last === "502" || last === "504") && (readVariable("upstream_header_time") ?? "").endsWith("-");
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
 * @inlined
 */
export function settle(tries: Tries): void {
  const { peer } = tries;
  if (peer !== undefined) {
    leavePeer(tries, peer, hasFailed(), wholeSeconds());
  }
}

/**
 * Begins anew: an error page has sent a request elsewhere, or an object goes from one request to the next.
 * @inlined
 */
function begin(tries: Tries, upstream: LiveUpstream): void {
  tries.upstream = upstream;
  tries.tried = undefined;
  tries.key = "";
}

/** @inlined */
function newTries(upstream: LiveUpstream, isCounted: boolean): Tries {
  return { upstream, peer: undefined, isCounted, tried: undefined, key: "" };
}

/**
 * Remembers where the request that nginx is handling goes.
 * @inlined
 */
export function remember(upstream: LiveUpstream): void {
  if (isSubrequest()) {
    context().dygatewayTries = newTries(upstream, false);
    return;
  }
  const request = requestKey();
  let tries = running[request];
  if (tries !== undefined) {
    // Sent here by an error page; or left behind by one at the same address that had no log phase of ours.
    settle(tries);
  } else if (idleCount > 0) {
    idleCount--;
    tries = idle[idleCount]!;
    runningCount++;
  } else {
    tries = newTries(upstream, true);
    runningCount++;
  }
  begin(tries, upstream);
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
 * Ends what is remembered of the request.
 * @returns the upstream's name; undefined where there is nothing.
 * @inlined
 */
export function forget(): string | undefined {
  if (runningCount === 0) {
    return undefined;
  }
  const request = requestKey();
  const tries = running[request];
  if (tries === undefined) {
    return undefined;
  }
  settle(tries);
  running[request] = undefined;
  runningCount--;
  const { name } = tries.upstream;
  if (idleCount < MAX_IDLE) {
    // Upstreams that are replaced must not live on in what waits here.
    begin(tries, nobody);
    idle[idleCount] = tries;
    idleCount++;
  }
  return name;
}
