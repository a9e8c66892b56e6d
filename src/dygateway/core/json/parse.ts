import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { Pause } from "../result.ts";
import { characterOf, sequenceLength } from "./utf8.ts";
import { jsonNull } from "./value.ts";
import type { JsonObject, JsonValue } from "./value.ts";

export type Parsed = { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly reason: string };

const MAX_DEPTH = 32;
/** Values between two looks at the clock; about a tenth of a millisecond of work. */
const VALUES_A_SLICE = 256;

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const UPPER_E = 69;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const LOWER_E = 101;
const LOWER_U = 117;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

const escapes: Lookup<string> = lookup();
escapes['"'] = '"';
escapes["\\"] = "\\";
escapes["/"] = "/";
escapes["b"] = "\b";
escapes["f"] = "\f";
escapes["n"] = "\n";
escapes["r"] = "\r";
escapes["t"] = "\t";

/** What the parser stands on; `reason` is set once, by the first thing that is wrong. */
interface Cursor {
  readonly text: string;
  readonly pause: Pause;
  at: number;
  values: number;
  reason: string | undefined;
}

function refuse(cursor: Cursor, reason: string): JsonValue {
  cursor.reason ??= `${reason} at byte ${cursor.at + 1}`;
  return jsonNull;
}

function skipSpace(cursor: Cursor): number {
  const { text } = cursor;
  while (cursor.at < text.length) {
    const unit = text.charCodeAt(cursor.at);
    if (unit !== SPACE && unit !== LINE_FEED && unit !== CARRIAGE_RETURN && unit !== TAB) {
      return unit;
    }
    cursor.at++;
  }
  return -1;
}

function hexAt(cursor: Cursor, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = "0123456789abcdef".indexOf(cursor.text.charAt(i).toLowerCase());
    if (digit < 0 || i >= cursor.text.length) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/** The characters of the escape that `cursor.at` points at; leaves the cursor behind it. */
function parseEscape(cursor: Cursor): string {
  const letter = cursor.text.charAt(cursor.at + 1);
  const simple = escapes[letter];
  if (simple !== undefined) {
    cursor.at += 2;
    return simple;
  }
  const unit = cursor.text.charCodeAt(cursor.at + 1) === LOWER_U ? hexAt(cursor, cursor.at + 2) : -1;
  if (unit < 0) {
    refuse(cursor, "broken escape in a string");
    return "";
  }
  if (unit < 0xd800 || unit > 0xdfff) {
    cursor.at += 6;
    return characterOf(unit);
  }
  const isPair = unit < 0xdc00 && cursor.text.slice(cursor.at + 6, cursor.at + 8) === "\\u";
  const low = isPair ? hexAt(cursor, cursor.at + 8) : -1;
  if (low < 0xdc00 || low > 0xdfff) {
    refuse(cursor, "half of a surrogate pair in a string");
    return "";
  }
  cursor.at += 12;
  return characterOf(0x10000 + (unit - 0xd800) * 1024 + (low - 0xdc00));
}

function parseString(cursor: Cursor): string {
  const { text } = cursor;
  cursor.at++;
  let start = cursor.at;
  let before = "";
  while (cursor.at < text.length) {
    const unit = text.charCodeAt(cursor.at);
    if (unit === QUOTE) {
      const value = before + text.slice(start, cursor.at);
      cursor.at++;
      return value;
    }
    if (unit === BACKSLASH) {
      before += text.slice(start, cursor.at) + parseEscape(cursor);
      start = cursor.at;
      if (cursor.reason !== undefined) {
        return "";
      }
    } else if (unit < SPACE) {
      refuse(cursor, "control character in a string");
      return "";
    } else {
      const length = unit < 0x80 ? 1 : sequenceLength(text, cursor.at);
      if (length === 0) {
        refuse(cursor, "invalid UTF-8 in a string");
        return "";
      }
      cursor.at += length;
    }
  }
  refuse(cursor, "a string without its closing quote");
  return "";
}

function skipDigits(cursor: Cursor): number {
  const start = cursor.at;
  while (cursor.at < cursor.text.length) {
    const unit = cursor.text.charCodeAt(cursor.at);
    if (unit < ZERO || unit > NINE) {
      break;
    }
    cursor.at++;
  }
  return cursor.at - start;
}

function parseNumber(cursor: Cursor): JsonValue {
  const { text } = cursor;
  const start = cursor.at;
  if (text.charCodeAt(start) === MINUS) {
    cursor.at++;
  }
  const startsWithZero = text.charCodeAt(cursor.at) === ZERO;
  const digits = skipDigits(cursor);
  if (digits === 0 || (startsWithZero && digits > 1)) {
    return refuse(cursor, digits === 0 ? "unexpected character" : "a number with a leading zero");
  }
  let isInteger = true;
  if (text.charCodeAt(cursor.at) === DOT) {
    isInteger = false;
    cursor.at++;
    if (skipDigits(cursor) === 0) {
      return refuse(cursor, "a number that ends with its decimal point");
    }
  }
  const exponent = text.charCodeAt(cursor.at);
  if (exponent === LOWER_E || exponent === UPPER_E) {
    isInteger = false;
    cursor.at++;
    const sign = text.charCodeAt(cursor.at);
    if (sign === PLUS || sign === MINUS) {
      cursor.at++;
    }
    if (skipDigits(cursor) === 0) {
      return refuse(cursor, "a number without digits in its exponent");
    }
  }
  const literal = text.slice(start, cursor.at);
  if (isInteger && digits > 15) {
    return { kind: "integer", digits: literal };
  }
  const value = Number(literal);
  // Lua prints a negative zero with its sign: it would be stored as another key than 0.
  return value === 0 ? 0 : value;
}

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
  const cursor: Cursor = { text, pause, at: 0, values: 0, reason: undefined };
  const value = parseValue(cursor, 0);
  if (cursor.reason === undefined && skipSpace(cursor) >= 0) {
    refuse(cursor, "unexpected text after the value");
  }
  return cursor.reason === undefined ? { ok: true, value } : { ok: false, reason: cursor.reason };
}
