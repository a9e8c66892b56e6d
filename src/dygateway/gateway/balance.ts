import type { Balancer, Peer } from "../core/upstream/balancer.ts";
import { peerRecovered } from "./health/passive.ts";
import { logErrorSometimes } from "./log.ts";
import { wholeSeconds } from "./nginx_lua.ts";
import { beginAgain, leavePeer, recall, recallOrRemember } from "./tries.ts";
import type { Tries } from "./tries.ts";
import { allowTries, givePeer, lastTry } from "./tries_left.ts";

/** nginx's NGX_BUSY: there is no live upstream; the request is answered 502, and nginx says so in its own words. */
const BUSY = -3;

function refuse(kind: string, text: string): void {
  logErrorSometimes(kind, text);
  ngx.exit(BUSY);
}

/**
 * Whether a later try of the same request is asked for. Ends the one before. (The only peer of an upstream is asked for
 * again when it had closed the kept connection that a request was sent on: as in nginx, that does not count as a try.)
 * @inlined
 */
function isLaterTry(tries: Tries, balancer: Balancer, now: number): boolean {
  const { peer } = tries;
  const state = lastTry();
  if (state === "first") {
    // nginx begins anew, for the first time or after an internal redirect.
    if (peer !== undefined) {
      beginAgain(tries);
    }
    tries.tried = undefined;
    return false;
  }
  if (peer !== undefined) {
    leavePeer(tries, peer, state === "failed", now);
    if (balancer.peers.length > 1) {
      tries.tried ??= [];
      tries.tried.push(peer);
    }
  }
  return true;
}

/** @inlined */
function choose(tries: Tries, now: number): Peer | undefined {
  const { upstream } = tries;
  const { balancer, readKey } = upstream;
  if (balancer === undefined) {
    return undefined;
  }
  const isLater = isLaterTry(tries, balancer, now);
  if (!isLater && readKey !== undefined) {
    tries.key = readKey();
  }
  const peer = balancer.pick(tries.key, now, tries.tried);
  if (peer !== undefined && !isLater && balancer.tries > 1) {
    // As many as nginx would try.
    allowTries(balancer.tries - 1);
  }
  return peer;
}

/**
 * Gives the request that nginx is handling a peer of the upstream that its rewrite phase chose.
 * @inlined
 */
export function balance(): void {
  const tries = recall() ?? recallOrRemember();
  if (tries === undefined) {
    refuse("unrouted", "a request reached the balancer whose location does not run dygateway in its rewrite phase");
    return;
  }
  const { name, balancer } = tries.upstream;
  const now = wholeSeconds();
  const peer = choose(tries, now);
  if (peer === undefined || balancer === undefined) {
    const reason = balancer === undefined ? "it was removed" : "no peer of it can be tried";
    refuse(`balance ${name}`, `upstream '${name}': ${reason}, so a request was answered 502`);
    return;
  }
  const problem = givePeer(peer.host, peer.port);
  tries.peer = peer;
  if (!tries.isCounted) {
    balancer.release(peer, now);
    // Nobody will tell how its last try ends: to be tried is to be back, until a try fails.
    if (balancer.succeeded(peer, now)) {
      peerRecovered(name, peer);
    }
  }
  if (problem !== undefined) {
    refuse(`peer ${name}`, `upstream '${name}': nginx refuses the peer ${peer.address}: ${problem}`);
  }
}
