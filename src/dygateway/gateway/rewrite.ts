import type { Runtime } from "../core/runtime/decide.ts";
import { raisedText } from "./foreign.ts";
import { logErrorSometimes } from "./log.ts";
import { requestFacts } from "./request_facts.ts";
import { route } from "./route.ts";
import { runtimeOf } from "./snapshot.ts";
import { readVariable } from "./variables.ts";

/**
 * The runtime of the request: of its location's hostkey, else of the Host header.
 *
 * @param hostkey undefined or "" where the location has none.
 * @inlined
 */
export function runtimeOfRequest(hostkey: string | undefined): Runtime | undefined {
  if (hostkey !== undefined && hostkey !== "") {
    const runtime = runtimeOf(hostkey);
    return runtime;
  }
  const host = readVariable("http_host");
  // `$host` is the same without port and in lower case: an operator writes a host's name, clients add to it.
  const runtime = host === undefined ? undefined : (runtimeOf(host) ?? runtimeOf(readVariable("host") ?? ""));
  return runtime;
}

/** Says, now and then, why a request of this runtime goes to its default upstream. */
export function logUndecided(runtime: Runtime | undefined, raised: unknown): void {
  const hostname = runtime?.hostname ?? "?";
  const reason = raisedText(raised);
  logErrorSometimes(`decide ${hostname}`, `${hostname}: request went to its default upstream: ${reason}`);
}

/**
 * Where LuaJIT starts to compile: all of a request's Lua is in here, and only in here is a function that is not marked
 * `@inlined`. It must be called by a Lua function that is, and not by pcall itself, to which compiled code cannot return.
 */
function divert(): void {
  const runtime = runtimeOfRequest(readVariable("hostkey"));
  const upstream = runtime === undefined ? undefined : runtime.decide(requestFacts);
  route(upstream);
}

/** @inlined */
function guarded(): void {
  divert();
}

/**
 * Decides which upstream a request goes to; with no runtime, no match or a module that fails, that is the one that the
 * location set as `$backend`.
 * @inlined
 */
export function rewrite(): void {
  const [decided, raised] = pcall(guarded);
  if (!decided) {
    logUndecided(runtimeOfRequest(readVariable("hostkey")), raised);
    route(undefined);
  }
}
