import { behind, stringsAreBytes } from "./buffer.ts";
import type { NumberBuffer } from "./buffer.ts";

/**
 * Decimal digits in memory, eight at a time: all characters are one 64-bit number, in which they are tested, and added up
 * in pairs, pairs of pairs and halves (D. Lemire, "Quickly parsing eight digits", 2018). In LuaJIT's machine code that is
 * a third of what strspn(3) and atoll(3) take for a uid, of which each request has one.
 */

/** A whole number of 64 bits, LuaJIT's `int64_t`: its operators are Lua's, so that it passes for a number here. */
type Wide = number;

interface Ffi {
  abi(this: void, property: string): boolean;
  cast(this: void, type: string, value: number | NumberBuffer): Wide & NumberBuffer;
}

interface Bit {
  band(this: void, a: Wide, b: Wide): Wide;
  bor(this: void, a: Wide, b: Wide): Wide;
  lshift(this: void, value: Wide, bits: number): Wide;
  rshift(this: void, value: Wide, bits: number): Wide;
}

declare function require(this: void, name: "ffi"): Ffi;
declare function require(this: void, name: "bit"): Bit;
declare function tonumber(this: void, value: Wide): number;

const ffi: Ffi | undefined = stringsAreBytes ? require("ffi") : undefined;
const { band, bor, lshift, rshift } = (stringsAreBytes ? require("bit") : {}) as Bit;

const cast = ffi?.cast;

/** Whether the first character is the lowest byte. */
const isKnown = ffi?.abi("le") === true;

/** The same four bytes in both halves, or two halves of their own. */
function wide(high: number, low: number): Wide {
  const upper = cast === undefined ? high : cast("int64_t", high);
  return upper * 4294967296 + low;
}

const ZEROS = wide(0x30303030, 0x30303030);
/** What carries a byte above "9" into its highest bit. */
const ABOVE_NINE = wide(0x46464646, 0x46464646);
const HIGHEST_BITS = wide(-0x7f7f7f80, 0x80808080);
const PAIRS = wide(0xff, 0xff);
/** 100 and 1,000,000; 1 and 10,000: what the first and third pair of each half, and the others, count. */
const FIRST_PAIRS = wide(1000000, 100);
const OTHER_PAIRS = wide(10000, 1);

/** @inlined */
function load(memory: NumberBuffer): Wide {
  const pointer = cast!("const int64_t *", memory);
  return pointer[0]!;
}

/** @inlined */
function areDigits(characters: Wide): boolean {
  const outside = band(bor(characters + ABOVE_NINE, characters - ZEROS), HIGHEST_BITS);
  return outside === 0;
}

/**
 * @param values of digits, one in each byte.
 * @inlined
 */
function sum(values: Wide): number {
  const pairs = values * 10 + rshift(values, 8);
  const firsts = band(pairs, PAIRS) * FIRST_PAIRS;
  const others = band(rshift(pairs, 16), PAIRS) * OTHER_PAIRS;
  const total = rshift(firsts + others, 32);
  return tonumber(total);
}

/** Fewer characters are not read: there may be no memory behind them. */
const LEAST = 8;
const MOST = 15;
const EIGHT_PLACES = 100000000;

/**
 * The number of 8 to 15 decimal digits.
 *
 * @param length how many characters there are.
 * @returns -1 where one of them is no digit; -2 where it is not known natively, or there are fewer, or more.
 * @inlined
 */
export function eightDigits(memory: NumberBuffer, length: number): number {
  if (!isKnown || length < LEAST || length > MOST) {
    return -2;
  }
  const last = load(behind(memory, length - LEAST));
  if (!areDigits(last)) {
    return -1;
  }
  if (length === LEAST) {
    const number = sum(last - ZEROS);
    return number;
  }
  const first = load(memory);
  if (!areDigits(first)) {
    return -1;
  }
  // Of the first eight those that are none of the last eight, with zeros before them.
  const high = sum(lshift(first - ZEROS, 8 * (2 * LEAST - length)));
  const low = sum(last - ZEROS);
  return high * EIGHT_PLACES + low;
}
