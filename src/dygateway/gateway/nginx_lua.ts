import type { MemoryText } from "../core/native.ts";

/**
 * What the request path asks of lua-nginx-module, by the functions behind `ngx.var`, `ngx.is_subrequest`, `ngx.time` and
 * ngx.balancer. Those are Lua functions of resty.core, partly metamethods; LuaJIT may start to compile at one of them,
 * and a request's compiled code then ends there (see scripts/tstl/inlined.cjs). Where something is not as expected, none of
 * them is there, and what everybody calls is called.
 *
 * Each is a constant of its own: LuaJIT takes what a local holds for known, and does not look it up (a table, and
 * anything of C that is larger than two pointers, it does).
 */
export interface Request {
  readonly request: unique symbol;
}

/** A pointer to characters. */
export type Address = MemoryText;

export interface Cell<T> {
  0: T;
}

interface NginxLua {
  ngx_http_lua_ffi_var_get(
    this: void,
    request: Request,
    name: string,
    nameLength: number,
    lowered: Address,
    capture: number,
    value: Cell<Address>,
    valueLength: Cell<number>,
    problem: Cell<Address>,
  ): number;
  ngx_http_lua_ffi_var_set(
    this: void,
    request: Request,
    name: string,
    nameLength: number,
    lowered: Address,
    value: string,
    valueLength: number,
    problem: Address,
    problemLength: Cell<number>,
  ): number;
  ngx_http_lua_ffi_is_subrequest(this: void, request: Request): number;
  ngx_http_lua_ffi_get_resp_status(this: void, request: Request): number;
  ngx_http_lua_ffi_time(this: void): number;
  ngx_http_lua_ffi_balancer_get_last_failure(this: void, request: Request, status: Cell<number>, problem: Cell<Address>): number;
  ngx_http_lua_ffi_balancer_set_more_tries(this: void, request: Request, count: number, problem: Cell<Address>): number;
  ngx_http_lua_ffi_balancer_set_current_peer(
    this: void, request: Request, host: string, hostLength: number, port: number, problem: Cell<Address>,
  ): number;
}

interface Ffi {
  readonly C: NginxLua;
  new: (this: void, type: string, size?: number) => unknown;
  string: (this: void, from: Address, length?: number) => string;
  cast: (this: void, type: string, pointer: Request | Address) => unknown;
}

interface Base {
  readonly get_request: (this: void) => Request;
}

interface Balancer {
  readonly set_current_peer: (this: void) => void;
}

declare function require(this: void, name: string): unknown;
declare const debug: { getinfo: (this: void, f: (this: void) => void, what: string) => { readonly nparams?: number } };

export const ffi = require("ffi") as Ffi;

/** What OpenResty's branch of LuaJIT keeps with each thread: the request that the Lua code runs for. */
function requestGetter(): ((this: void) => Request) | undefined {
  const [found, getter] = pcall(() => require("thread.exdata") as (this: void) => Request);
  return found ? getter : undefined;
}

/** All of these are declared by resty.core; `set_current_peer` takes more than host and port in newer ones. */
function functions(): NginxLua | undefined {
  const [found, known] = pcall(() => {
    const { C } = ffi;
    const all: unknown[] = [
      C.ngx_http_lua_ffi_var_get,
      C.ngx_http_lua_ffi_var_set,
      C.ngx_http_lua_ffi_is_subrequest,
      C.ngx_http_lua_ffi_get_resp_status,
      C.ngx_http_lua_ffi_time,
      C.ngx_http_lua_ffi_balancer_get_last_failure,
      C.ngx_http_lua_ffi_balancer_set_more_tries,
      C.ngx_http_lua_ffi_balancer_set_current_peer,
    ];
    const { nparams } = debug.getinfo((require("ngx.balancer") as Balancer).set_current_peer, "u");
    return all.length > 0 && nparams === 2;
  });
  return found && known ? ffi.C : undefined;
}

/** What pointers lead to that the collector does not see. */
const rooms: Address[] = [];

const threadRequest = requestGetter();

/** The request that nginx is handling. */
export const currentRequest: (this: void) => Request =
  threadRequest ?? (require("resty.core.base") as Base).get_request;

const nginxLua: NginxLua | undefined = threadRequest === undefined ? undefined : functions();

/** Whether the functions below are there; otherwise `ngx` itself must be asked. */
export const isDirect = nginxLua !== undefined;
const known = nginxLua ?? ({} as NginxLua);

export const varGet = known.ngx_http_lua_ffi_var_get;
export const varSet = known.ngx_http_lua_ffi_var_set;
export const getLastFailure = known.ngx_http_lua_ffi_balancer_get_last_failure;
export const setMoreTries = known.ngx_http_lua_ffi_balancer_set_more_tries;
export const setCurrentPeer = known.ngx_http_lua_ffi_balancer_set_current_peer;
const subrequestFlag = known.ngx_http_lua_ffi_is_subrequest;
const respStatus = known.ngx_http_lua_ffi_get_resp_status;
const nginxTime = known.ngx_http_lua_ffi_time;

const { cast } = ffi;
export const textOf = ffi.string;

/** Room of so many bytes, which is never given back. */
export function staticBytes(size: number): Address {
  const room = ffi.new("unsigned char[?]", size) as Address;
  rooms.push(room);
  return cast("unsigned char *", room) as Address;
}

/** Where the functions write why they refuse. */
export const problemCell = ffi.new("char *[1]") as Cell<Address>;

/**
 * Subrequests have no log phase.
 * @inlined
 */
export function isSubrequest(): boolean {
  const found = isDirect ? subrequestFlag(currentRequest()) === 1 : ngx.is_subrequest;
  return found;
}

/**
 * The status of the answer, as in the access log; 0 where there is none as yet.
 * @inlined
 */
export function answeredStatus(): number {
  const status = isDirect ? respStatus(currentRequest()) : ngx.status;
  return status;
}

/**
 * Whole seconds since 1970, of nginx's clock.
 * @inlined
 */
export function wholeSeconds(): number {
  const seconds = isDirect ? (tonumber(nginxTime()) ?? 0) : ngx.time();
  return seconds;
}

/**
 * What tells requests apart in the phases of one: the address of nginx's structure for it. Unlike that of any other
 * request of this worker that is not over; the next one on a connection often has the same.
 * @inlined
 */
export function requestKey(): number {
  const address = tonumber(cast("uintptr_t", currentRequest()));
  return address ?? 0;
}
