import type { NumberBuffer } from "../buffer.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { pauseSometimes, refuse } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { characterOf, sequenceLengthOfBytes } from "./utf8.ts";

const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const LOWER_U = 117;

const escapes: Lookup<string> = lookup();
escapes['"'] = '"';
escapes["\\"] = "\\";
escapes["/"] = "/";
escapes["b"] = "\b";
escapes["f"] = "\f";
escapes["n"] = "\n";
escapes["r"] = "\r";
escapes["t"] = "\t";

/** The value of a hexadecimal digit, or -1. */
function hexDigit(unit: number): number {
  if (unit >= 48 && unit <= 57) {
    return unit - 48;
  }
  const lower = unit >= 65 && unit <= 70 ? unit + 32 : unit;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function hexAt(bytes: NumberBuffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = hexDigit(bytes[i]!);
    if (digit < 0) {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

/** The characters of the escape that `cursor.at` points at; leaves the cursor behind it. */
function parseEscape(cursor: Cursor): string {
  const { bytes, at, length } = cursor;
  const letter = at + 1 < length ? bytes[at + 1]! : 0;
  const simple = letter > SPACE && letter < 0x7f ? escapes[String.fromCharCode(letter)] : undefined;
  if (simple !== undefined) {
    cursor.at += 2;
    return simple;
  }
  const unit = letter === LOWER_U ? hexAt(bytes, at + 2) : -1;
  if (unit < 0) {
    refuse(cursor, "broken escape in a string");
    return "";
  }
  if (unit < 0xd800 || unit > 0xdfff) {
    cursor.at += 6;
    return characterOf(unit);
  }
  const isPair = unit < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === LOWER_U;
  const low = isPair ? hexAt(bytes, at + 8) : -1;
  if (low < 0xdc00 || low > 0xdfff) {
    refuse(cursor, "half of a surrogate pair in a string");
    return "";
  }
  cursor.at += 12;
  return characterOf(0x10000 + (unit - 0xd800) * 1024 + (low - 0xdc00));
}

/** Goes on, from inside a string, to what is not simply a character of it: its quote, an escape, something wrong. */
function skipCharacters(cursor: Cursor): void {
  const { bytes, length } = cursor;
  let at = cursor.at;
  while (at < length) {
    pauseSometimes(cursor, at);
    const unit = bytes[at]!;
    if (unit === QUOTE || unit === BACKSLASH || unit < SPACE) {
      break;
    }
    const size = unit < 0x80 ? 1 : sequenceLengthOfBytes(bytes, at, length);
    if (size === 0) {
      break;
    }
    at += size;
  }
  cursor.at = at;
}

/** @param isKept whether the text is wanted; "" where it is not. */
export function parseString(cursor: Cursor, isKept: boolean): string {
  const { bytes, length, source } = cursor;
  cursor.at++;
  let start = cursor.at;
  // Only of a text with escapes; joined once, since to append to a text is to copy it.
  let parts: string[] | undefined;
  while (cursor.reason === undefined) {
    skipCharacters(cursor);
    const unit = cursor.at < length ? bytes[cursor.at]! : -1;
    if (unit === QUOTE) {
      const last = isKept ? source.slice(start, cursor.at) : "";
      cursor.at++;
      if (parts === undefined) {
        return last;
      }
      parts.push(last);
      return parts.join("");
    }
    if (unit === BACKSLASH) {
      const before = isKept ? source.slice(start, cursor.at) : "";
      const escaped = parseEscape(cursor);
      if (isKept) {
        parts ??= [];
        parts.push(before, escaped);
      }
      start = cursor.at;
    } else if (unit < 0) {
      refuse(cursor, "a string without its closing quote");
    } else {
      refuse(cursor, unit < SPACE ? "control character in a string" : "invalid UTF-8 in a string");
    }
  }
  return "";
}
