import type { Pause } from "../result.ts";
import { byteLength } from "./utf8.ts";
import { jsonNull } from "./value.ts";
import type { JsonValue } from "./value.ts";

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;

/** Bytes inside one value between two looks at the clock; about a tenth of a millisecond of work. */
const BYTES_A_SLICE = 8192;

/** What the parser stands on; `reason` is set once, by the first thing that is wrong. */
export interface Cursor {
  readonly text: string;
  readonly pause: Pause;
  at: number;
  /** Where the clock is looked at next. */
  pauseAt: number;
  values: number;
  reason: string | undefined;
}

export function refuse(cursor: Cursor, reason: string): JsonValue {
  cursor.reason ??= `${reason} at byte ${byteLength(cursor.text.slice(0, cursor.at)) + 1}`;
  return jsonNull;
}

/** Called at every step of a loop over the text: a single value may be as long as the whole of it. */
export function pauseSometimes(cursor: Cursor): void {
  if (cursor.at >= cursor.pauseAt) {
    cursor.pauseAt = cursor.at + BYTES_A_SLICE;
    cursor.pause();
  }
}

export function skipSpace(cursor: Cursor): number {
  const { text } = cursor;
  while (cursor.at < text.length) {
    const unit = text.charCodeAt(cursor.at);
    if (unit !== SPACE && unit !== LINE_FEED && unit !== CARRIAGE_RETURN && unit !== TAB) {
      return unit;
    }
    cursor.at++;
    pauseSometimes(cursor);
  }
  return -1;
}
