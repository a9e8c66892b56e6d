import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { Pause } from "../result.ts";
import { refuse, skipSpace } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { parseNumber } from "./parse_number.ts";
import { parseString } from "./parse_string.ts";
import { jsonNull } from "./value.ts";
import type { JsonObject, JsonValue } from "./value.ts";

export type Parsed = { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly reason: string };

const MAX_DEPTH = 32;
/** Values between two looks at the clock; about a tenth of a millisecond of work. */
const VALUES_A_SLICE = 256;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

function parseArray(cursor: Cursor, depth: number): JsonValue {
  const values: JsonValue[] = [];
  cursor.at++;
  if (skipSpace(cursor) === CLOSE_BRACKET) {
    cursor.at++;
    return values;
  }
  while (cursor.reason === undefined) {
    values.push(parseValue(cursor, depth));
    const unit = skipSpace(cursor);
    if (unit === CLOSE_BRACKET) {
      cursor.at++;
      return values;
    }
    if (unit !== COMMA) {
      return refuse(cursor, "expected ',' or ']' in an array");
    }
    cursor.at++;
  }
  return jsonNull;
}

function parseObject(cursor: Cursor, depth: number): JsonValue {
  const result: JsonObject = { kind: "object", keys: [], values: [] };
  const seen: Lookup<boolean> = lookup();
  cursor.at++;
  if (skipSpace(cursor) === CLOSE_BRACE) {
    cursor.at++;
    return result;
  }
  while (cursor.reason === undefined) {
    if (skipSpace(cursor) !== QUOTE) {
      return refuse(cursor, "expected a quoted key in an object");
    }
    const key = parseString(cursor);
    if (seen[key] === true) {
      return refuse(cursor, `the key '${key}' stands twice in one object`);
    }
    seen[key] = true;
    if (skipSpace(cursor) !== COLON) {
      return refuse(cursor, "expected ':' after a key");
    }
    cursor.at++;
    result.keys.push(key);
    result.values.push(parseValue(cursor, depth));
    const unit = skipSpace(cursor);
    if (unit === CLOSE_BRACE) {
      cursor.at++;
      return result;
    }
    if (unit !== COMMA) {
      return refuse(cursor, "expected ',' or '}' in an object");
    }
    cursor.at++;
  }
  return jsonNull;
}

function parseWord(cursor: Cursor, word: string, value: JsonValue): JsonValue {
  if (cursor.text.slice(cursor.at, cursor.at + word.length) !== word) {
    return refuse(cursor, "unexpected character");
  }
  cursor.at += word.length;
  return value;
}

function parseValue(cursor: Cursor, depth: number): JsonValue {
  cursor.values++;
  if (cursor.values % VALUES_A_SLICE === 0) {
    cursor.pause();
  }
  const unit = skipSpace(cursor);
  if (unit < 0) {
    return refuse(cursor, "the text ends where a value should be");
  }
  if (unit === QUOTE) {
    return parseString(cursor);
  }
  if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
    if (depth >= MAX_DEPTH) {
      return refuse(cursor, `nested deeper than ${MAX_DEPTH} levels`);
    }
    return unit === OPEN_BRACE ? parseObject(cursor, depth + 1) : parseArray(cursor, depth + 1);
  }
  switch (cursor.text.charAt(cursor.at)) {
    case "t":
      return parseWord(cursor, "true", true);
    case "f":
      return parseWord(cursor, "false", false);
    case "n":
      return parseWord(cursor, "null", jsonNull);
    default:
      return parseNumber(cursor);
  }
}

/**
 * Parses one JSON text (RFC 8259). Stricter than most: a key that stands twice in an object is refused, since one of the
 * two rules would be lost without a word. Why not the platform's parser: ADR 0002.
 *
 * @param pause is called about every tenth of a millisecond of work.
 * @returns the value, or what is wrong and at which byte (from 1).
 */
export function parseJson(text: string, pause: Pause): Parsed {
  const cursor: Cursor = { text, pause, at: 0, pauseAt: 0, values: 0, reason: undefined };
  const value = parseValue(cursor, 0);
  if (cursor.reason === undefined && skipSpace(cursor) >= 0) {
    refuse(cursor, "unexpected text after the value");
  }
  return cursor.reason === undefined ? { ok: true, value } : { ok: false, reason: cursor.reason };
}
