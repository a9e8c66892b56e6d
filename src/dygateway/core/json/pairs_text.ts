import type { ByteText } from "../byte_text.ts";
import { noPause } from "../result.ts";
import type { Pause } from "../result.ts";

/**
 * Takes a pair by where it lies in a text: its key from `key` up to, and without, `keyEnd`, and its value the same.
 * Whoever needs no text of them makes none: a million texts are work for LuaJIT's collector, and each time there are
 * more than its table of texts has room for, all of them are put into another one, in one go.
 */
export type TakeSpan = (this: void, text: ByteText, key: number, keyEnd: number, value: number, valueEnd: number) => void;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = 0x5b;
const CLOSING = 0x5d;

const PAIRS_A_PAUSE = 128;

/** Where the text that begins behind the quote at `at` ends; -1 where there is no quote, or an escape in the text. */
function textEnd({ bytes, length }: ByteText, at: number): number {
  if (at >= length || bytes[at] !== QUOTE) {
    return -1;
  }
  for (let end = at + 1; end < length; end++) {
    const byte = bytes[end]!;
    if (byte === QUOTE) {
      return end;
    }
    if (byte === BACKSLASH) {
      return -1;
    }
  }
  return -1;
}

/**
 * Reads a flat JSON array of texts, `["key","value",…]`, without white space, pair by pair.
 *
 * @returns how many pairs were taken when it met what it does not read (an escape, for one): the text is to be decoded as
 * JSON from there on; undefined when it has read all.
 */
export function eachSpan(text: ByteText, take: TakeSpan, pause: Pause = noPause): number | undefined {
  const { bytes, length } = text;
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
