import type { NumberBuffer } from "../buffer.ts";
import type { ByteText } from "../byte_text.ts";
import type { Pause } from "../result.ts";
import { jsonNull } from "./value.ts";
import type { JsonValue } from "./value.ts";

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;

/** Bytes between two looks at the clock; about a tenth of a millisecond of work, half of one where objects are made. */
const BYTES_A_SLICE = 4096;

/** What the parser stands on; `reason` is set once, by the first thing that is wrong. */
export interface Cursor {
  readonly source: ByteText;
  readonly bytes: NumberBuffer;
  readonly length: number;
  readonly pause: Pause;
  /** Arrays of more values than this are not taken in whole. */
  readonly mostValues: number;
  at: number;
  /** Where the clock is looked at next. */
  pauseAt: number;
  reason: string | undefined;
}

export function cursorAt(source: ByteText, at: number, mostValues: number, pause: Pause): Cursor {
  const { bytes, length } = source;
  return { source, bytes, length, pause, mostValues, at, pauseAt: at + BYTES_A_SLICE, reason: undefined };
}

export function refuse(cursor: Cursor, reason: string): JsonValue {
  cursor.reason ??= `${reason} at byte ${cursor.at + 1}`;
  return jsonNull;
}

/** Called at every step of a loop over the text: a single value may be as long as the whole of it. */
export function pauseSometimes(cursor: Cursor, at: number): void {
  if (at >= cursor.pauseAt) {
    cursor.pauseAt = at + BYTES_A_SLICE;
    cursor.pause();
  }
}

function isSpace(unit: number): boolean {
  return unit === SPACE || unit === LINE_FEED || unit === CARRIAGE_RETURN || unit === TAB;
}

/** Goes on to what is no space. @returns its byte, or -1 at the end of the text. */
export function skipSpace(cursor: Cursor): number {
  const { bytes } = cursor;
  let at = cursor.at;
  if (at < cursor.length && bytes[at]! > SPACE) {
    return bytes[at]!;
  }
  while (at < cursor.length && isSpace(bytes[at]!)) {
    at++;
    pauseSometimes(cursor, at);
  }
  cursor.at = at;
  return at < cursor.length ? bytes[at]! : -1;
}
