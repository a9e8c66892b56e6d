import type { ByteText } from "./byte_text.ts";
import { codeAt, decimalFrom, digitsFrom, integerFrom, isAllDigits, numberOfDigits } from "./native.ts";

const ZERO = 48;
const NINE = 57;
const POINT = 46;

/** 2^53 - 1: integers up to here are exact in a double. */
export const MAX_EXACT_INTEGER = 9007199254740991;

/**
 * Bounds of a stored range are the integer ∓ 0.3 in a double; above 2^52 the fraction is rounded away and a bound would
 * move by one.
 */
export const MAX_RANGE_BOUND = 4503599627370495;

/**
 * Whether `text` is one decimal digit or more, and nothing else.
 * @inlined
 */
export function isDecimal(text: string): boolean {
  const length = text.length;
  if (length === 0) {
    return false;
  }
  const known = isAllDigits(text);
  if (known !== undefined) {
    return known;
  }
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < ZERO || unit > NINE) {
      return false;
    }
  }
  return true;
}

/**
 * The number that decimal digits stand for (exact up to 2^53), or -1 where `text` is anything else.
 * @inlined
 */
export function parseDecimal(text: string): number {
  const number = isDecimal(text) ? numberOfDigits(text) : -1;
  return number;
}

/** Digits of the longest text that counts as a plain number. */
export const MAX_PLAIN_DIGITS = 15;

/**
 * The number of a text that is the one way to write it: up to 15 decimal digits without a leading zero; -1 for any other.
 * @inlined
 */
export function plainNumber(text: string): number {
  const length = text.length;
  if (length > MAX_PLAIN_DIGITS || (length > 1 && codeAt(text, 1) === ZERO)) {
    return -1;
  }
  const number = parseDecimal(text);
  return number;
}

/** How many decimal digits stand in a text from `from` on, and before `end`. */
export function digitsIn({ bytes }: ByteText, from: number, end: number): number {
  const known = digitsFrom(bytes, from);
  if (known !== undefined) {
    return Math.min(known, end - from);
  }
  let at = from;
  while (at < end && bytes[at]! >= ZERO && bytes[at]! <= NINE) {
    at++;
  }
  return at - from;
}

/** The `plainNumber` of the part of a text from `from` up to, and without, `end`, where no digit may stand. */
export function plainNumberIn(text: ByteText, from: number, end: number): number {
  const length = end - from;
  const { bytes } = text;
  const isPlain = length > 0 && length <= MAX_PLAIN_DIGITS && (length === 1 || bytes[from] !== ZERO);
  if (!isPlain || digitsIn(text, from, end) !== length) {
    return -1;
  }
  return integerFrom(bytes, from) ?? numberOfDigits(text.slice(from, end));
}

/**
 * The number of the part of a text from `from` up to, and without, `end`, where neither a digit nor a point may stand:
 * digits, and after a point more of them. -1 for any other, and where it is not known natively.
 */
export function decimalIn(text: ByteText, from: number, end: number): number {
  const whole = digitsIn(text, from, end);
  const point = from + whole;
  const isDecimal = whole > 0 && (point === end || (text.bytes[point] === POINT && digitsIn(text, point + 1, end) === end - point - 1));
  return isDecimal ? (decimalFrom(text.bytes, from) ?? -1) : -1;
}

/** Decimal digits of an integer from 0 to 2^53; Lua's own conversion gives up after 14 digits. */
export function integerText(value: number): string {
  if (value < 1e14) {
    return `${value}`;
  }
  const high = Math.floor(value / 1e7);
  const low = value - high * 1e7;
  return `${high}${`${low}`.padStart(7, "0")}`;
}
