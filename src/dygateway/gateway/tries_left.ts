import { currentRequest, ffi, getLastFailure, isDirect, problemCell, setCurrentPeer, setMoreTries, textOf } from "./nginx_lua.ts";
import type { Cell } from "./nginx_lua.ts";
import { balancerModule } from "./platform.ts";

/** nginx's NGX_OK, and what it calls a peer that failed. */
const OK = 0;
const FAILED = 4;

const status = ffi.new("int[1]") as Cell<number>;

/** How the try before this one ended; "first" where there was none. */
export type LastTry = "first" | "next" | "failed";

/** @inlined */
export function lastTry(): LastTry {
  if (!isDirect) {
    const [state] = balancerModule.get_last_failure();
    return state === undefined ? "first" : state === "failed" ? "failed" : "next";
  }
  const state = getLastFailure(currentRequest(), status, problemCell);
  return state <= OK ? "first" : state === FAILED ? "failed" : "next";
}

/**
 * @param count tries beyond this one that nginx may ask for; `proxy_next_upstream_tries` and `_timeout` set it lower.
 * @inlined
 */
export function allowTries(count: number): void {
  if (!isDirect) {
    balancerModule.set_more_tries(count);
    return;
  }
  setMoreTries(currentRequest(), count, problemCell);
}

/**
 * Gives the try at hand its peer.
 * @returns why nginx refuses it, if so.
 * @inlined
 */
export function givePeer(host: string, port: number | undefined): string | undefined {
  if (!isDirect) {
    const [set, problem] = balancerModule.set_current_peer(host, port);
    return set === true ? undefined : (problem ?? "?");
  }
  const set = setCurrentPeer(currentRequest(), host, host.length, port ?? 0, problemCell);
  if (set === OK) {
    return undefined;
  }
  const reason = textOf(problemCell[0]);
  return reason;
}
