import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { pauseSometimes, refuse } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { characterOf, sequenceLength } from "./utf8.ts";

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

export function parseString(cursor: Cursor): string {
  const { text } = cursor;
  cursor.at++;
  let start = cursor.at;
  // Only of a text with escapes; joined once, since to append to a text is to copy it.
  let parts: string[] | undefined;
  while (cursor.at < text.length) {
    pauseSometimes(cursor);
    const unit = text.charCodeAt(cursor.at);
    if (unit === QUOTE) {
      const last = text.slice(start, cursor.at);
      cursor.at++;
      if (parts === undefined) {
        return last;
      }
      parts.push(last);
      return parts.join("");
    }
    if (unit === BACKSLASH) {
      parts ??= [];
      parts.push(text.slice(start, cursor.at), parseEscape(cursor));
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
