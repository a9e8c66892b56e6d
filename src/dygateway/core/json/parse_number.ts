import { pauseSometimes, refuse } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { JsonValue } from "./value.ts";

const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const UPPER_E = 69;
const LOWER_E = 101;

function skipDigits(cursor: Cursor): number {
  const start = cursor.at;
  while (cursor.at < cursor.text.length) {
    const unit = cursor.text.charCodeAt(cursor.at);
    if (unit < ZERO || unit > NINE) {
      break;
    }
    cursor.at++;
    pauseSometimes(cursor);
  }
  return cursor.at - start;
}

export function parseNumber(cursor: Cursor): JsonValue {
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
