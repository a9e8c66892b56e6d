/** A place in a text that is being read; once there is a reason, nothing more is read. */
export interface Cursor {
  readonly text: string;
  at: number;
  reason: string | undefined;
}

/** The first refusal stays. */
export function refuse(cursor: Cursor, reason: string): void {
  cursor.reason ??= reason;
}

/** Past blanks and comments (`//`, `#`, and between slashes and stars). */
export function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  while (cursor.reason === undefined) {
    while (" \t\r\n\ufeff".includes(text.charAt(cursor.at)) && cursor.at < text.length) cursor.at++;
    if (text.startsWith("/*", cursor.at)) {
      const end = text.indexOf("*/", cursor.at + 2);
      if (end < 0) {
        refuse(cursor, "the comment does not end");
      } else {
        cursor.at = end + 2;
      }
    } else if (text.startsWith("//", cursor.at) || text.startsWith("#", cursor.at)) {
      const end = text.indexOf("\n", cursor.at);
      cursor.at = end < 0 ? text.length : end;
    } else {
      return;
    }
  }
}

export const isKeyCharacter = (character: string, isFirst: boolean): boolean =>
  (isFirst ? /^[A-Za-z_$]$/ : /^[A-Za-z0-9_$]$/).test(character);

/** Letters, digits, `_` and `$` from here on. */
export function wordAt({ text, at }: Cursor): string {
  let end = at;
  while (end < text.length && isKeyCharacter(text.charAt(end), false)) end++;
  return text.slice(at, end);
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** A decimal number, as in JSON; an `L` may follow, which Python 2 printed behind long ones. */
export function readNumber(cursor: Cursor): number | undefined {
  numberPattern.lastIndex = cursor.at;
  const digits = numberPattern.exec(cursor.text)?.[0] ?? "";
  let end = cursor.at + digits.length;
  if (/^-?[0-9]+$/.test(digits) && cursor.text.charAt(end) === "L") end++;
  const value = Number(digits);
  const next = cursor.text.charAt(end);
  if (digits === "" || isKeyCharacter(next, false) || next === "." || !Number.isFinite(value)) {
    refuse(cursor, "not a decimal number (no leading zeros, no other bases)");
    return undefined;
  }
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) refuse(cursor, "the number is too large");
  else cursor.at = end;
  return value;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Digits that follow `\x`, `\u` and `\U`. */
const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** A text in single or double quotes, with or without Python's `u` or `b` before it; undefined where there is none. */
export function readString(cursor: Cursor): string | undefined {
  const { text } = cursor;
  const start = /^[ub]$/.test(text.charAt(cursor.at)) ? cursor.at + 1 : cursor.at;
  const quote = text.charAt(start);
  if (quote !== '"' && quote !== "'") return undefined;
  const plain = quote === '"' ? /[^"\\\u0000-\u001f]*/y : /[^'\\\u0000-\u001f]*/y;
  const begin = cursor.at;
  let value = "";
  cursor.at = start + 1;
  for (;;) {
    plain.lastIndex = cursor.at;
    const run = plain.exec(text)?.[0] ?? "";
    value += run;
    cursor.at += run.length;
    const character = text.charAt(cursor.at);
    if (character === quote) {
      cursor.at++;
      return value;
    }
    const escape = character === "\\" ? escapeAt(text, cursor.at) : undefined;
    if (escape === undefined) {
      refuse(cursor, stringProblem(character));
      if (character === "") cursor.at = begin;
      return value;
    }
    value += escape.value;
    cursor.at += escape.length;
  }
}

function stringProblem(character: string): string {
  if (character === "") return "the text in quotes does not end";
  return character === "\\" ? "an escape that is neither JSON's nor one that Python prints" : "a control character in a text";
}

function escapeAt(text: string, at: number): { readonly value: string; readonly length: number } | undefined {
  const kind = text.charAt(at + 1);
  const plain = Object.hasOwn(escapes, kind) ? escapes[kind] : undefined;
  if (plain !== undefined) return { value: plain, length: 2 };
  const length = Object.hasOwn(hexLengths, kind) ? (hexLengths[kind] ?? 0) : 0;
  const digits = text.slice(at + 2, at + 2 + length);
  if (length === 0 || digits.length < length || !/^[0-9A-Fa-f]+$/.test(digits)) return undefined;
  const code = Number.parseInt(digits, 16);
  return code > 0x10ffff ? undefined : { value: kind === "u" ? String.fromCharCode(code) : String.fromCodePoint(code), length: length + 2 };
}
