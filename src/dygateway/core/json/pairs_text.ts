import type { ByteText } from "../byte_text.ts";
import { lengthBefore } from "../native.ts";
import { noPause } from "../result.ts";
import type { Pause } from "../result.ts";

/**
 * Takes a pair by where it lies in a text: its key from `key` up to, and without, `keyEnd`, and its value the same.
 * Whoever needs no text of them makes none: a million texts are work for LuaJIT's collector, and each time there are
 * more than its table of texts has room for, all of them are put into another one, in one go.
 */
export type TakeSpan = (this: void, text: ByteText, key: number, keyEnd: number, value: number, valueEnd: number) => void;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING = 0x5b;
const CLOSING = 0x5d;

const PAIRS_A_PAUSE = 128;

/**
 * Where a character of one byte stands first from `from` on; `length` or more where it does not. Without a loop under
 * LuaJIT: the pairs of a chunk are then one loop, which is compiled whole.
 */
function find({ bytes, length }: ByteText, from: number, character: string): number {
  const before = lengthBefore(bytes, from, character);
  if (before !== undefined) {
    return from + before;
  }
  const wanted = character.charCodeAt(0);
  let at = from;
  while (at < length && bytes[at] !== wanted) {
    at++;
  }
  return at;
}

/** Where the text that begins behind the quote at `at` ends; -1 where there is no quote. */
function textEnd(text: ByteText, at: number): number {
  const { bytes, length } = text;
  if (at >= length || bytes[at] !== QUOTE) {
    return -1;
  }
  const end = find(text, at + 1, '"');
  return end < length && bytes[end] === QUOTE ? end : -1;
}

/**
 * Reads a flat JSON array of texts, `["key","value",…]`, without white space and escapes, pair by pair.
 *
 * @returns how many pairs were taken when it met what it does not read: the text is to be decoded as JSON from there on;
 * undefined when it has read all.
 */
export function eachSpan(text: ByteText, take: TakeSpan, pause: Pause = noPause): number | undefined {
  const { bytes, length } = text;
  if (find(text, 0, "\\") < length) {
    return 0;
  }
  let taken = 0;
  let at = 0;
  while (at < length && bytes[at] === (taken === 0 ? OPENING : COMMA)) {
    const keyEnd = textEnd(text, at + 1);
    if (keyEnd < 0 || keyEnd + 1 >= length || bytes[keyEnd + 1] !== COMMA) {
      return taken;
    }
    const valueEnd = textEnd(text, keyEnd + 2);
    if (valueEnd < 0) {
      return taken;
    }
    take(text, at + 2, keyEnd, keyEnd + 3, valueEnd);
    taken++;
    at = valueEnd + 1;
    if (taken % PAIRS_A_PAUSE === 0) {
      pause();
    }
  }
  return taken > 0 && at === length - 1 && bytes[at] === CLOSING ? undefined : taken;
}
