import { stringsAreBytes } from "../buffer.ts";
import type { NumberBuffer } from "../buffer.ts";

/** The UTF-8 bytes of a code point, one unit a byte. */
function bytesOfCodePoint(codePoint: number): string {
  if (codePoint < 0x80) {
    return String.fromCharCode(codePoint);
  }
  const last = 0x80 + (codePoint % 64);
  const second = Math.floor(codePoint / 64);
  if (codePoint < 0x800) {
    return String.fromCharCode(0xc0 + second, last);
  }
  const third = Math.floor(codePoint / 4096);
  if (codePoint < 0x10000) {
    return String.fromCharCode(0xe0 + third, 0x80 + (second % 64), last);
  }
  return String.fromCharCode(0xf0 + Math.floor(codePoint / 262144), 0x80 + (third % 64), 0x80 + (second % 64), last);
}

/** A code point as this runtime's string holds it: UTF-8 bytes under Lua, UTF-16 units in Node. */
export function characterOf(codePoint: number): string {
  if (stringsAreBytes) {
    return bytesOfCodePoint(codePoint);
  }
  if (codePoint < 0x10000) {
    return String.fromCharCode(codePoint);
  }
  const rest = codePoint - 0x10000;
  return String.fromCharCode(0xd800 + Math.floor(rest / 1024), 0xdc00 + (rest % 1024));
}

/** A text's UTF-8 bytes, one unit a byte: under Lua the text itself. */
export function utf8Bytes(text: string): string {
  if (stringsAreBytes) {
    return text;
  }
  let bytes = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const isPair = unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length;
    if (isPair) {
      i++;
      bytes += bytesOfCodePoint(0x10000 + (unit - 0xd800) * 1024 + (text.charCodeAt(i) - 0xdc00));
    } else {
      bytes += bytesOfCodePoint(unit);
    }
  }
  return bytes;
}

/** How many bytes a text takes in UTF-8, in both runtimes. */
export function byteLength(text: string): number {
  if (stringsAreBytes) {
    return text.length;
  }
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
    // Each half of a pair counts for two of its four bytes.
    length += unit < 0x80 ? 1 : unit < 0x800 || isSurrogate ? 2 : 3;
  }
  return length;
}

function isContinuation(unit: number): boolean {
  return unit >= 0x80 && unit <= 0xbf;
}

/** Bytes of the UTF-8 sequence that starts with these bytes; 0 where none does. */
function lengthOfSequence(first: number, second: number, third: number, fourth: number): number {
  if (first < 0x80) {
    return 1;
  }
  if (!isContinuation(second)) {
    return 0;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return 2;
  }
  if (!isContinuation(third)) {
    return 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const overlong = first === 0xe0 && second < 0xa0;
    const surrogate = first === 0xed && second > 0x9f;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xf0 && first <= 0xf4 && isContinuation(fourth)) {
    const overlong = first === 0xf0 && second < 0x90;
    const tooLarge = first === 0xf4 && second > 0x8f;
    return overlong || tooLarge ? 0 : 4;
  }
  return 0;
}

/**
 * Bytes of the UTF-8 sequence that starts at `at` (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF),
 * or 0 where there is none. Always 1 in Node, whose decoder has seen to it already.
 */
export function sequenceLength(text: string, at: number): number {
  return stringsAreBytes
    ? lengthOfSequence(text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2), text.charCodeAt(at + 3))
    : 1;
}

/** The same of bytes, in both runtimes. @param length of all of them. */
export function sequenceLengthOfBytes(bytes: NumberBuffer, at: number, length: number): number {
  const byteAt = (i: number): number => (i < length ? bytes[i]! : 0);
  return lengthOfSequence(bytes[at]!, byteAt(at + 1), byteAt(at + 2), byteAt(at + 3));
}

/** Whether the text has a unit below 0x20 or DEL: nothing that an operator types on purpose. */
export function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) {
      return true;
    }
  }
  return false;
}

/** At most about `most` units of a text, for people to read; what follows is left out, whole characters of it. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  let end = most;
  while (end > 0 && text.charCodeAt(end) >= 0x80 && text.charCodeAt(end) < 0xc0) {
    end--;
  }
  return `${text.slice(0, end)}…`;
}
