import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Runtime } from "../core/runtime/decide.ts";

/** What this worker has in force: compiled runtimes by hostname. Each is immutable and is replaced whole. */
const runtimes: Lookup<Runtime> = lookup();

/** What each request does first; undefined, which is cheap, as long as timers keep `runtimes` up to date. */
let beforeLookup: ((this: void) => void) | undefined;

/**
 * To be called by requests before they look at what is in force.
 * @inlined
 */
export function lookFirst(): void {
  if (beforeLookup !== undefined) {
    beforeLookup();
  }
}

/** @inlined */
export function runtimeOf(hostname: string): Runtime | undefined {
  lookFirst();
  return runtimes[hostname];
}

/** From now on every request makes sure by itself that it sees what is in force. */
export function lookBeforeEach(look: (this: void) => void): void {
  beforeLookup = look;
}

export function inForce(): Lookup<Runtime> {
  return runtimes;
}

export interface ReplacedRuntime {
  readonly hostname: string;
  /** Undefined where the hostname has no runtime any more. */
  readonly runtime: Runtime | undefined;
}

/** Replaces them between two requests: nothing in here yields, so no request sees one without the other. */
export function replaceRuntimes(replaced: readonly ReplacedRuntime[]): void {
  for (const { hostname, runtime } of replaced) {
    if (runtime === undefined) {
      delete runtimes[hostname];
    } else {
      runtimes[hostname] = runtime;
    }
  }
}
