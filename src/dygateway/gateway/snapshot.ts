import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Runtime } from "../core/runtime/decide.ts";

/** What this worker has in force: compiled runtimes by hostname. Each is immutable and is replaced whole. */
const runtimes: Lookup<Runtime> = lookup();

export function runtimeOf(hostname: string): Runtime | undefined {
  return runtimes[hostname];
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
