import { currentRequest, ffi, nginxLua, problemCell } from "./nginx_lua.ts";
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
  if (nginxLua === undefined) {
    const [state] = balancerModule.get_last_failure();
    return state === undefined ? "first" : state === "failed" ? "failed" : "next";
  }
  const state = nginxLua.ngx_http_lua_ffi_balancer_get_last_failure(currentRequest(), status, problemCell);
  return state <= OK ? "first" : state === FAILED ? "failed" : "next";
}

/**
 * @param count tries beyond this one that nginx may ask for; `proxy_next_upstream_tries` and `_timeout` set it lower.
 * @inlined
 */
export function allowTries(count: number): void {
  if (nginxLua === undefined) {
    balancerModule.set_more_tries(count);
    return;
  }
  nginxLua.ngx_http_lua_ffi_balancer_set_more_tries(currentRequest(), count, problemCell);
}

/**
 * Gives the try at hand its peer.
 * @returns why nginx refuses it, if so.
 * @inlined
 */
export function givePeer(host: string, port: number | undefined): string | undefined {
  if (nginxLua === undefined) {
    const [set, problem] = balancerModule.set_current_peer(host, port);
    return set === true ? undefined : (problem ?? "?");
  }
  const set = nginxLua.ngx_http_lua_ffi_balancer_set_current_peer(currentRequest(), host, host.length, port ?? 0, problemCell);
  if (set === OK) {
    return undefined;
  }
  const reason = ffi.string(problemCell[0]);
  return reason;
}
