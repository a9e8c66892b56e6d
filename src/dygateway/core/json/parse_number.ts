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

/** Whole numbers of more digits are kept as they were written. */
const MOST_DIGITS = 15;

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= NINE;
}

function skipDigits(cursor: Cursor): number {
  const { bytes } = cursor;
  const start = cursor.at;
  let at = start;
  while (isDigit(bytes[at]!)) {
    at++;
    pauseSometimes(cursor, at);
  }
  cursor.at = at;
  return at - start;
}

function parseAnyNumber(cursor: Cursor): JsonValue {
  const { bytes } = cursor;
  const start = cursor.at;
  if (bytes[start] === MINUS) {
    cursor.at++;
  }
  const startsWithZero = bytes[cursor.at] === ZERO;
  const digits = skipDigits(cursor);
  if (digits === 0 || (startsWithZero && digits > 1)) {
    return refuse(cursor, digits === 0 ? "unexpected character" : "a number with a leading zero");
  }
  let isInteger = true;
  if (bytes[cursor.at] === DOT) {
    isInteger = false;
    cursor.at++;
    if (skipDigits(cursor) === 0) {
      return refuse(cursor, "a number that ends with its decimal point");
    }
  }
  const exponent = bytes[cursor.at];
  if (exponent === LOWER_E || exponent === UPPER_E) {
    isInteger = false;
    cursor.at++;
    const sign = bytes[cursor.at];
    if (sign === PLUS || sign === MINUS) {
      cursor.at++;
    }
    if (skipDigits(cursor) === 0) {
      return refuse(cursor, "a number without digits in its exponent");
    }
  }
  const literal = cursor.source.slice(start, cursor.at);
  if (isInteger && digits > MOST_DIGITS) {
    return { kind: "integer", digits: literal };
  }
  const value = Number(literal);
  // Lua prints a negative zero with its sign: it would be stored as another key than 0.
  return value === 0 ? 0 : value;
}

export function parseNumber(cursor: Cursor): JsonValue {
  const { bytes } = cursor;
  const start = cursor.at;
  const longest = start + MOST_DIGITS;
  let at = start;
  let value = 0;
  let unit = bytes[at]!;
  while (unit >= ZERO && unit <= NINE && at < longest) {
    value = value * 10 + (unit - ZERO);
    at++;
    unit = bytes[at]!;
  }
  // Almost every number is a few digits and nothing else; of the others nothing is taken yet.
  const isPlain = unit !== DOT && unit !== LOWER_E && unit !== UPPER_E && !isDigit(unit);
  if (isPlain && at > start && (bytes[start] !== ZERO || at === start + 1)) {
    cursor.at = at;
    return value;
  }
  return parseAnyNumber(cursor);
}
