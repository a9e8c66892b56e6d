import type { Lookup } from "../core/lookup.ts";
import { MAX_PLAIN_DIGITS } from "../core/decimal.ts";
import { eightDigits } from "../core/eight_digits.ts";
import { digitsFrom, integerFrom } from "../core/native.ts";
import { currentRequest, ffi, isDirect, problemCell, staticBytes, textOf, varGet, varSet } from "./nginx_lua.ts";
import type { Address, Cell } from "./nginx_lua.ts";

/** `var` is no name that TypeScript could declare. */
const plain = (ngx as unknown as { readonly var: Lookup<string | undefined> }).var;

const ZERO = 48;

/** Of a variable's name: nginx writes it there in lower case, and does not look how much room there is. */
const LOWERED_SIZE = 512;
const PROBLEM_SIZE = 256;

const lowered = staticBytes(LOWERED_SIZE);
const value = ffi.new("char *[1]") as Cell<Address>;
const valueLength = ffi.new("size_t[1]") as Cell<number>;
const problem = staticBytes(PROBLEM_SIZE);
const problemLength = ffi.new("size_t[1]") as Cell<number>;

/**
 * An nginx variable of the request at hand.
 *
 * @returns undefined where the request has no such value.
 * @inlined
 */
export function readVariable(name: string): string | undefined {
  if (!isDirect || name.length > LOWERED_SIZE) {
    return plain[name];
  }
  const found = varGet(
    currentRequest(), name, name.length, lowered, 0, value, valueLength, problemCell,
  );
  if (found !== 0) {
    return undefined;
  }
  const text = textOf(value[0], valueLength[0]);
  return text;
}

/**
 * An nginx variable of the request at hand as a plain number (see core/decimal.ts), without making a text of it.
 *
 * @returns -1 where it is none.
 * @inlined
 */
export function readNumber(name: string): number {
  if (!isDirect || name.length > LOWERED_SIZE) {
    return -1;
  }
  const found = varGet(
    currentRequest(), name, name.length, lowered, 0, value, valueLength, problemCell,
  );
  const length = found === 0 ? (tonumber(valueLength[0]) ?? 0) : 0;
  if (length === 0 || length > MAX_PLAIN_DIGITS) {
    return -1;
  }
  const digits = value[0];
  if (length > 1 && digits[0] === ZERO) {
    return -1;
  }
  const known = eightDigits(digits, length);
  if (known !== -2) {
    return known;
  }
  // What follows a value in memory is no digit as a rule; where it is, there are too many, and the text decides.
  if (digitsFrom(digits, 0) !== length) {
    return -1;
  }
  const number = integerFrom(digits, 0) ?? -1;
  return number;
}

/**
 * @throws where there is no such variable, or it cannot be changed.
 * @inlined
 */
export function writeVariable(name: string, text: string): void {
  if (!isDirect || name.length > LOWERED_SIZE) {
    plain[name] = text;
    return;
  }
  problemLength[0] = PROBLEM_SIZE;
  const written = varSet(
    currentRequest(), name, name.length, lowered, text, text.length, problem, problemLength,
  );
  if (written !== 0) {
    // Raises the reason in the words that everybody knows.
    plain[name] = text;
  }
}
