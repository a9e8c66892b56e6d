import { byteText } from "../byte_text.ts";
import type { ByteText } from "../byte_text.ts";
import { textSet } from "../lookup.ts";
import type { TextSet } from "../lookup.ts";
import type { Pause } from "../result.ts";
import { cursorAt, pauseSometimes, refuse, skipSpace } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { parseNumber } from "./parse_number.ts";
import { parseString } from "./parse_string.ts";
import { jsonNull } from "./value.ts";
import type { JsonList, JsonValue } from "./value.ts";

export type Parsed = { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly reason: string };

const MAX_DEPTH = 32;
/** An array of more values than this stays text where the caller can take it so. */
const MOST_VALUES = 1000;
/** Keys of one object up to here are compared one by one, which is cheaper than a set of its own for each object. */
const FEW_KEYS = 8;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const LOWER_F = 102;
const LOWER_N = 110;
const LOWER_T = 116;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** The array whose first value stands at `start`, in a text that was read once and is JSON. */
function longList(cursor: Cursor, start: number, length: number, depth: number): JsonList {
  const { source, mostValues } = cursor;
  return {
    kind: "list",
    length,
    open: (pause) => {
      const own = cursorAt(source, start, mostValues, pause);
      return () => {
        const value = parseValue(own, depth, true);
        if (skipSpace(own) === COMMA) {
          own.at++;
        }
        return value;
      };
    },
  };
}

function parseArray(cursor: Cursor, depth: number, isKept: boolean): JsonValue {
  const values: JsonValue[] = [];
  cursor.at++;
  if (skipSpace(cursor) === CLOSE_BRACKET) {
    cursor.at++;
    return values;
  }
  const start = cursor.at;
  const most = isKept ? cursor.mostValues : 0;
  let count = 0;
  while (cursor.reason === undefined) {
    const value = parseValue(cursor, depth, count < most);
    if (count < most) {
      values.push(value);
    }
    count++;
    const unit = skipSpace(cursor);
    if (unit === CLOSE_BRACKET) {
      cursor.at++;
      return count > most && isKept ? longList(cursor, start, count, depth) : values;
    }
    if (unit !== COMMA) {
      return refuse(cursor, "expected ',' or ']' in an array");
    }
    cursor.at++;
  }
  return jsonNull;
}

function parseObject(cursor: Cursor, depth: number, isKept: boolean): JsonValue {
  const keys: string[] = [];
  const values: JsonValue[] = [];
  let seen: TextSet | undefined;
  cursor.at++;
  if (skipSpace(cursor) === CLOSE_BRACE) {
    cursor.at++;
    return { kind: "object", keys, values };
  }
  while (cursor.reason === undefined) {
    if (skipSpace(cursor) !== QUOTE) {
      return refuse(cursor, "expected a quoted key in an object");
    }
    const key = parseString(cursor, true);
    if (keys.length === FEW_KEYS) {
      seen = textSet([keys]);
    }
    if (seen === undefined ? keys.includes(key) : seen[key] === true) {
      return refuse(cursor, `the key '${key}' stands twice in one object`);
    }
    keys.push(key);
    if (seen !== undefined) {
      seen[key] = true;
    }
    if (skipSpace(cursor) !== COLON) {
      return refuse(cursor, "expected ':' after a key");
    }
    cursor.at++;
    const value = parseValue(cursor, depth, isKept);
    if (isKept) {
      values.push(value);
    }
    const unit = skipSpace(cursor);
    if (unit === CLOSE_BRACE) {
      cursor.at++;
      return { kind: "object", keys, values };
    }
    if (unit !== COMMA) {
      return refuse(cursor, "expected ',' or '}' in an object");
    }
    cursor.at++;
  }
  return jsonNull;
}

function parseWord(cursor: Cursor, word: string, value: JsonValue): JsonValue {
  const end = cursor.at + word.length;
  if (end > cursor.length || cursor.source.slice(cursor.at, end) !== word) {
    return refuse(cursor, "unexpected character");
  }
  cursor.at = end;
  return value;
}

/**
 * The value that follows.
 * @param isKept whether it is wanted; where it is not, the text is only checked, and what is returned means nothing.
 */
function parseValue(cursor: Cursor, depth: number, isKept: boolean): JsonValue {
  pauseSometimes(cursor, cursor.at);
  const unit = skipSpace(cursor);
  if (unit < 0) {
    return refuse(cursor, "the text ends where a value should be");
  }
  if (unit === QUOTE) {
    return parseString(cursor, isKept);
  }
  if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
    if (depth >= MAX_DEPTH) {
      return refuse(cursor, `nested deeper than ${MAX_DEPTH} levels`);
    }
    return unit === OPEN_BRACE ? parseObject(cursor, depth + 1, isKept) : parseArray(cursor, depth + 1, isKept);
  }
  if (unit === LOWER_T) {
    return parseWord(cursor, "true", true);
  }
  if (unit === LOWER_F) {
    return parseWord(cursor, "false", false);
  }
  return unit === LOWER_N ? parseWord(cursor, "null", jsonNull) : parseNumber(cursor);
}

function parseText(source: ByteText, mostValues: number, pause: Pause): Parsed {
  const cursor = cursorAt(source, 0, mostValues, pause);
  const value = parseValue(cursor, 0, true);
  if (cursor.reason === undefined && skipSpace(cursor) >= 0) {
    refuse(cursor, "unexpected text after the value");
  }
  return cursor.reason === undefined ? { ok: true, value } : { ok: false, reason: cursor.reason };
}

/**
 * Parses one JSON text (RFC 8259). Stricter than most: a key that stands twice in an object is refused, since one of the
 * two rules would be lost without a word. Why not the platform's parser: ADR 0002.
 *
 * @param pause is called about every tenth of a millisecond of work.
 * @returns the value, or what is wrong and at which byte (from 1).
 */
export function parseJson(text: string, pause: Pause): Parsed {
  return parseText(byteText(text), Infinity, pause);
}

/** The same of a text that may be long; arrays of more than a thousand values stay text. */
export function parseLongJson(text: ByteText, pause: Pause): Parsed {
  return parseText(text, MOST_VALUES, pause);
}
