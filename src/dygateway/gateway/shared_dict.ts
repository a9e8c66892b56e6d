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

/**
 * Never in the place of something else: plain `set` would drop rules that are in force to make room for a report.
 * @throws when the shared dict has no room: half a state must never be published.
 */
export function write(key: string, value: string | number): void {
  const [stored, reason] = dict().safe_set(key, value);
  if (stored !== true) {
    throw noRoom(reason);
  }
}

/** A report that may as well be missing where there is no room for it. */
export function writeReport(key: string, report: unknown): void {
  dict().safe_set(key, cjson.encode(report)[0] ?? "");
}
