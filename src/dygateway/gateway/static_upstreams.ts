import { lookup, sortedKeys } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { noPause } from "../core/result.ts";
import type { StaticUpstreams } from "../core/store/upstream_reads.ts";
import { parseConf } from "../core/upstream/conf_file.ts";
import { readFileText } from "./files.ts";
import { logError } from "./log.ts";

/** What stood in upstream.conf when this nginx read it. Set before nginx forks its workers, and never changed after. */
let statics: Lookup<string> = lookup();
let names: readonly string[] = [];
/** Names that nginx knows by what the gateway itself had written there. */
let dumped: Lookup<boolean> = lookup();

/** @param path "" for none. A file that cannot be read has none for us, whatever nginx makes of it. */
export function loadStaticUpstreams(path: string): void {
  statics = lookup();
  dumped = lookup();
  const text = path === "" ? undefined : readFileText(path);
  const parsed = text === undefined ? undefined : parseConf(text, noPause);
  if (parsed?.ok === true) {
    for (const { name, body } of parsed.value.statics) {
      statics[name] = body;
    }
    for (const { name } of [...parsed.value.dynamics, ...parsed.value.standIns]) {
      dumped[name] = true;
    }
  } else if (parsed !== undefined) {
    logError(`the upstreams of ${path} cannot be edited: ${parsed.error.desc}`);
  }
  names = sortedKeys(statics);
}

/** The upstreams that stand in this node's upstream.conf by an operator's hand. */
export function staticUpstreams(): StaticUpstreams {
  return { names: () => names, body: (name) => statics[name] };
}

/**
 * Whether nginx has a block of this name that the gateway wrote for an upstream of the store: once that is gone, nginx
 * would go on with what it was.
 */
export function isDumped(name: string): boolean {
  return dumped[name] === true;
}

export function dumpedNames(): string[] {
  return Object.keys(dumped);
}
