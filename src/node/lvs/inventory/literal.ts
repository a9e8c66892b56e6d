import { isKeyCharacter, readNumber, readString, refuse, skipSpace, wordAt, type Cursor } from "./literal_tokens.ts";

/**
 * Reads what people and programs have written clusters as: JSON, JSON with keys without quotes, trailing commas and
 * comments, and Python's literals (`{u'vip': '60.28.208.1', 'on': True, 'ports': (80, 443L)}`). A grammar of values
 * only: nothing is looked up, called or evaluated, and whatever is no value is refused with its place.
 */
export interface Literal {
  /** Where it begins in the text, from 0. */
  readonly at: number;
  /** As JSON would give it. */
  readonly value: unknown;
  /** The parts of a list or object, and where their keys begin; undefined for anything else. */
  readonly parts: ReadonlyMap<string | number, LiteralPart> | undefined;
}

export interface LiteralPart {
  readonly keyAt: number;
  readonly literal: Literal;
}

export type LiteralResult =
  | { readonly ok: true; readonly literal: Literal }
  | { readonly ok: false; readonly at: number; readonly reason: string };

const maxDepth = 32;

/** Reads one value from the whole of a text. */
export function parseLiteral(text: string): LiteralResult {
  const cursor: Cursor = { text, at: 0, reason: undefined };
  const literal = readValue(cursor, 0);
  skipSpace(cursor);
  if (cursor.at < text.length) refuse(cursor, "more text follows the value");
  return cursor.reason === undefined ? { ok: true, literal } : { ok: false, at: cursor.at, reason: cursor.reason };
}

const words: Readonly<Record<string, boolean | null>> = {
  true: true,
  false: false,
  null: null,
  True: true,
  False: false,
  None: null,
};

const scalar = (at: number, value: unknown): Literal => ({ at, value, parts: undefined });

function readValue(cursor: Cursor, depth: number): Literal {
  skipSpace(cursor);
  const { at, text } = cursor;
  const first = text.charAt(at);
  if (depth > maxDepth) refuse(cursor, `values are nested more than ${maxDepth} deep`);
  if (cursor.reason !== undefined) return scalar(at, undefined);
  if (first === "{") return readObject(cursor, depth);
  if (first === "[") return readList(cursor, "]", depth);
  if (first === "(") return readList(cursor, ")", depth);
  if (first === "-" || (first >= "0" && first <= "9")) return scalar(at, readNumber(cursor));
  const string = readString(cursor);
  if (string !== undefined) return scalar(at, string);
  return scalar(at, readWord(cursor));
}

function readWord(cursor: Cursor): boolean | null | undefined {
  const word = wordAt(cursor);
  const value = Object.hasOwn(words, word) ? words[word] : undefined;
  if (value !== undefined) {
    cursor.at += word.length;
    return value;
  }
  refuse(cursor, word === "" ? (cursor.at < cursor.text.length ? "a value is expected" : "the text ends too early") : "a text needs quotes");
  return undefined;
}

function readList(cursor: Cursor, end: string, depth: number): Literal {
  const { at } = cursor;
  const value: unknown[] = [];
  const parts = new Map<number, LiteralPart>();
  readItems(cursor, end, () => {
    const literal = readValue(cursor, depth + 1);
    parts.set(value.length, { keyAt: literal.at, literal });
    value.push(literal.value);
  });
  return { at, value, parts };
}

function readObject(cursor: Cursor, depth: number): Literal {
  const { at } = cursor;
  const value: Record<string, unknown> = {};
  const parts = new Map<string, LiteralPart>();
  readItems(cursor, "}", () => {
    const keyAt = cursor.at;
    const key = readKey(cursor);
    if (key === "__proto__") refuseAt(cursor, keyAt, 'the key "__proto__" is not possible');
    else if (parts.has(key)) refuseAt(cursor, keyAt, `the key ${JSON.stringify(key)} is there twice`);
    skipSpace(cursor);
    if (cursor.text.charAt(cursor.at) !== ":") refuse(cursor, "':' is expected after a key");
    if (isRefused(cursor)) return;
    cursor.at++;
    const literal = readValue(cursor, depth + 1);
    parts.set(key, { keyAt, literal });
    value[key] = literal.value;
  });
  return { at, value, parts };
}

/** A function, because what is called in between may refuse and the compiler does not know it. */
const isRefused = (cursor: Cursor): boolean => cursor.reason !== undefined;

function refuseAt(cursor: Cursor, at: number, reason: string): void {
  if (cursor.reason === undefined) cursor.at = at;
  refuse(cursor, reason);
}

function readKey(cursor: Cursor): string {
  const string = readString(cursor);
  if (string !== undefined) return string;
  const key = wordAt(cursor);
  if (key === "" || !isKeyCharacter(key.charAt(0), true)) refuse(cursor, "a key is expected");
  else cursor.at += key.length;
  return key;
}

/** The items between the brackets, with commas between them and perhaps one behind the last. */
function readItems(cursor: Cursor, end: string, readItem: () => void): void {
  cursor.at++;
  for (;;) {
    skipSpace(cursor);
    if (cursor.reason !== undefined) return;
    if (cursor.text.charAt(cursor.at) === end) {
      cursor.at++;
      return;
    }
    readItem();
    skipSpace(cursor);
    if (isRefused(cursor)) return;
    const next = cursor.text.charAt(cursor.at);
    if (next === ",") cursor.at++;
    else if (next !== end) refuse(cursor, next === "" ? "the text ends too early" : `',' or '${end}' is expected`);
  }
}
