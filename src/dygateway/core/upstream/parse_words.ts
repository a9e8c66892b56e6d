import { sequenceLength } from "../json/utf8.ts";
import type { Pause } from "../result.ts";

/** Units between two looks at the clock; about a tenth of a millisecond of work. */
const UNITS_A_SLICE = 1024;

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const HASH = 35;
const DOLLAR = 36;
const SINGLE_QUOTE = 39;
const CLOSE_PARENTHESIS = 41;
const SEMICOLON = 59;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const DELETE = 127;

/** Reads nginx's configuration language, one statement after the other, as ngx_conf_read_token does. */
export interface WordReader {
  readonly text: string;
  readonly pause: Pause;
  at: number;
  /** Where the clock is looked at next. */
  pauseAt: number;
  /** Whether the text ends inside a comment, without a line break. */
  endsInComment: boolean;
  /** Whether a word has a quote after a `=`, which nginx takes as it stands: `body="ok"`. */
  quoteInside: boolean;
  /** The first thing that is wrong; nothing is read after it. */
  problem: string | undefined;
}

export interface Statement {
  /** The directive and its arguments, without quotes. */
  readonly words: readonly string[];
  /** What ends it; "" for the end of the text. */
  readonly end: ";" | "{" | "}" | "";
  /** Where its first word begins, and where what follows it does. */
  readonly from: number;
  readonly to: number;
}

export function wordReader(text: string, at: number, pause: Pause): WordReader {
  return { text, pause, at, pauseAt: at + UNITS_A_SLICE, endsInComment: false, quoteInside: false, problem: undefined };
}

function isSpace(unit: number): boolean {
  return unit === SPACE || unit === LINE_FEED || unit === CARRIAGE_RETURN || unit === TAB;
}

function skipComment(reader: WordReader): void {
  const end = reader.text.indexOf("\n", reader.at);
  reader.endsInComment = end < 0;
  reader.at = end < 0 ? reader.text.length : end + 1;
}

function skipSpace(reader: WordReader): void {
  const { text } = reader;
  while (reader.at < text.length) {
    const unit = text.charCodeAt(reader.at);
    if (unit === HASH) {
      skipComment(reader);
    } else if (isSpace(unit)) {
      reader.at++;
    } else {
      return;
    }
  }
}

const ESCAPED = "\"'\\trn";
const MEANT = "\"'\\\t\r\n";

/** nginx's escapes are the same in and out of quotes; a backslash before anything else stays. */
function unescaped(text: string): string {
  if (text.indexOf("\\") < 0) {
    return text;
  }
  let plain = "";
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    const next = text.charAt(i + 1);
    if (character !== "\\" || next === "") {
      plain += character;
    } else {
      i++;
      const at = ESCAPED.indexOf(next);
      plain += at < 0 ? `\\${next}` : MEANT.charAt(at);
    }
  }
  return plain;
}

function isControl(unit: number): boolean {
  return unit < SPACE || unit === DELETE;
}

/** The word without its escapes, none of which may have made a line break of it; words are texts, not any bytes. */
function finished(reader: WordReader, raw: string): string {
  const word = unescaped(raw);
  let at = 0;
  while (at < word.length) {
    const unit = word.charCodeAt(at);
    const length = unit < 0x80 ? 1 : sequenceLength(word, at);
    if (isControl(unit)) {
      reader.problem ??= "a control character stands in a word";
    }
    if (length === 0) {
      reader.problem ??= "a word is not UTF-8";
    }
    at += Math.max(length, 1);
  }
  return word;
}

function quotedWord(reader: WordReader, quote: number): string {
  const { text } = reader;
  const start = reader.at + 1;
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) {
      at++;
    } else if (unit === quote) {
      reader.at = at + 1;
      const next = text.charCodeAt(reader.at);
      const mayFollow = isSpace(next) || next === SEMICOLON || next === OPEN_BRACE || next === CLOSE_PARENTHESIS;
      if (reader.at < text.length && !mayFollow) {
        reader.problem = "a space or ';' is expected after a quoted word";
      }
      return finished(reader, text.slice(start, at));
    }
  }
  reader.problem = "a quoted word does not end";
  return "";
}

function plainWord(reader: WordReader): string {
  const { text } = reader;
  let at = reader.at;
  let afterDollar = false;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (isSpace(unit) || unit === SEMICOLON || (unit === OPEN_BRACE && !afterDollar)) {
      break;
    }
    afterDollar = unit === DOLLAR;
    at += unit === BACKSLASH ? 2 : 1;
  }
  at = Math.min(at, text.length);
  const raw = text.slice(reader.at, at);
  reader.quoteInside ||= raw.indexOf('="') >= 0 || raw.indexOf("='") >= 0;
  reader.at = at;
  return finished(reader, raw);
}

function endOf(unit: number): Statement["end"] {
  return unit === SEMICOLON ? ";" : unit === OPEN_BRACE ? "{" : unit === CLOSE_BRACE ? "}" : "";
}

/** The next statement; where `problem` is set afterwards, it is not whole. */
export function readStatement(reader: WordReader): Statement {
  const words: string[] = [];
  let from = -1;
  while (reader.problem === undefined) {
    skipSpace(reader);
    if (reader.at >= reader.pauseAt) {
      reader.pauseAt = reader.at + UNITS_A_SLICE;
      reader.pause();
    }
    const unit = reader.text.charCodeAt(reader.at);
    const isEnd = reader.at >= reader.text.length;
    if (from < 0) {
      from = reader.at;
    }
    if (isEnd || unit === SEMICOLON || unit === OPEN_BRACE || unit === CLOSE_BRACE) {
      reader.at += isEnd ? 0 : 1;
      return { words, end: isEnd ? "" : endOf(unit), from, to: reader.at };
    }
    words.push(unit === DOUBLE_QUOTE || unit === SINGLE_QUOTE ? quotedWord(reader, unit) : plainWord(reader));
  }
  return { words, end: "", from, to: reader.at };
}
