import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { cjson, dict } from "./platform.ts";

/** What was written as JSON under a key of the shared dict; undefined where there is nothing. */
export function readJson(key: string): unknown {
  const [text] = dict().get(key);
  return typeof text === "string" ? cjson.decode(text)[0] : undefined;
}

export function readText(key: string): string | undefined {
  const [text] = dict().get(key);
  return typeof text === "string" ? text : undefined;
}

export function noRoom(reason: string | undefined): string {
  return `the shared dict has no room (${reason ?? "?"}): make lua_shared_dict dygateway larger`;
}

export type Entry = readonly [key: string, value: string | number];

function putBack(key: string, before: Lookup<string | number>): void {
  const value = before[key];
  if (value === undefined) {
    dict().delete(key);
  } else {
    dict().safe_set(key, value);
  }
}

/**
 * Writes them all in their order, or none. Never in the place of something else: plain `set` would drop rules that are
 * in force to make room for a report.
 * @throws when the shared dict has no room: half a state must never be published.
 */
export function writeAll(entries: readonly Entry[]): void {
  const before: Lookup<string | number> = lookup();
  for (let i = 0; i < entries.length; i++) {
    const [key, value] = entries[i]!;
    const [old] = dict().get(key);
    if (typeof old === "string" || typeof old === "number") {
      before[key] = old;
    }
    const [stored, reason] = dict().safe_set(key, value);
    if (stored !== true) {
      // nginx drops the value that was there before it finds no room for the new one. The last one back comes first: the
      // room that it gives up is what the one before it had.
      for (let back = i; back >= 0; back--) {
        putBack(entries[back]![0], before);
      }
      throw noRoom(reason);
    }
  }
}

/** The next number of a counter that several workers count up; undefined where there is no room for a new one. */
export function countUp(key: string): number | undefined {
  const [next] = dict().incr(key, 1);
  if (next !== undefined) {
    return next;
  }
  // `incr` with a number to begin with would drop what others hold to make room for it.
  dict().safe_add(key, 0);
  const [first] = dict().incr(key, 1);
  return first;
}

/** The length of reports is a multiple of this. */
const REPORT_BYTES = 512;

/**
 * A report that may as well be missing where there is no room for it. One as long as that before it takes its place, and
 * needs none: in a dict that is full, too, reports go on.
 */
export function writeReport(key: string, report: unknown): void {
  const text = cjson.encode(report)[0] ?? "";
  const length = Math.ceil(text.length / REPORT_BYTES) * REPORT_BYTES;
  dict().safe_set(key, text.padEnd(length));
}
