import { shortened } from "../json/utf8.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { checkDefaults } from "./model.ts";
import type { HealthCheck } from "./model.ts";
import { countExpected, parseCount, parseTime, timeExpected } from "./parse_values.ts";

export type ParsedCheck =
  | { readonly ok: true; readonly check: HealthCheck }
  | { readonly ok: false; readonly reason: string };

type Draft = { -readonly [Field in keyof HealthCheck]: HealthCheck[Field] };
/** Takes the value of a parameter over; what is expected instead where it cannot be taken. */
type Take = (this: void, draft: Draft, value: string) => string | undefined;

/** nginx reads a configuration in pieces of 4096 bytes, and a check stands there in one comment. */
const LONGEST_TEXT = 500;
const LONGEST_NUMBER = 1000;
const LEAST_INTERVAL = 0.1;
const LEAST_TIMEOUT = 0.01;
const MOST_CODES = 100;
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HOST_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:[]";

function hasOnly(text: string, characters: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (characters.indexOf(text.charAt(i)) < 0) {
      return false;
    }
  }
  return true;
}

/** What may stand in the first line of a request: no space would end it, no byte is left to chance. */
function isPath(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit <= 32 || unit >= 127) {
      return false;
    }
  }
  return text.startsWith("/") && text.length <= LONGEST_TEXT;
}

function counter(field: "rise" | "fall" | "port", least: number, most: number): Take {
  return (draft, value) => {
    draft[field] = parseCount(value, least, most);
    return draft[field] < 0 ? countExpected(least, most) : undefined;
  };
}

function duration(field: "interval" | "timeout", least: number): Take {
  return (draft, value) => {
    draft[field] = parseTime(value);
    return draft[field] < least ? `${timeExpected}, ${least * 1000}ms or more` : undefined;
  };
}

function takeCodes(draft: Draft, value: string): string | undefined {
  const codes: number[] = [];
  for (const text of value.split(",")) {
    const code = parseCount(text, 100, 599);
    if (code < 0 || codes.includes(code) || codes.length === MOST_CODES) {
      return `status codes from 100 to 599, each once, with commas between them are expected`;
    }
    codes.push(code);
  }
  draft.expect = codes;
  return undefined;
}

const takes: Lookup<Take> = lookup();
takes["type"] = (draft, value) => {
  if (value !== "http" && value !== "tcp") {
    return "http or tcp is expected";
  }
  draft.type = value;
  return undefined;
};
takes["method"] = (draft, value) => {
  draft.method = value;
  return value !== "" && value.length <= 20 && hasOnly(value, UPPER) ? undefined : "a method such as GET or HEAD is expected";
};
takes["path"] = (draft, value) => {
  draft.path = value;
  return isPath(value) ? undefined : `a path from '/' on, without spaces, up to ${LONGEST_TEXT} characters, is expected`;
};
takes["host"] = (draft, value) => {
  draft.host = value;
  return value.length <= 255 && hasOnly(value, HOST_CHARACTERS) ? undefined : "a name for the Host header is expected";
};
takes["expect"] = takeCodes;
takes["body"] = (draft, value) => {
  draft.body = value;
  return value.length <= LONGEST_TEXT ? undefined : `a text up to ${LONGEST_TEXT} characters is expected`;
};
takes["interval"] = duration("interval", LEAST_INTERVAL);
takes["timeout"] = duration("timeout", LEAST_TIMEOUT);
takes["rise"] = counter("rise", 1, LONGEST_NUMBER);
takes["fall"] = counter("fall", 1, LONGEST_NUMBER);
takes["port"] = counter("port", 0, 65535);
takes["initial"] = (draft, value) => {
  if (value !== "up" && value !== "down") {
    return "up or down is expected";
  }
  draft.initial = value;
  return undefined;
};

const known = "type, method, path, host, expect, body, interval, timeout, rise, fall, port, initial";
const onlyHttp: readonly string[] = ["method", "path", "host", "expect", "body"];

/** @param words of a `check` statement, the directive among them. */
export function parseCheck(words: readonly string[]): ParsedCheck {
  const draft: Draft = { ...checkDefaults };
  const seen: Lookup<boolean> = lookup();
  for (let i = 1; i < words.length; i++) {
    const word = words[i]!;
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const take = equals < 0 ? undefined : takes[name];
    if (take === undefined) {
      return { ok: false, reason: `check: unknown parameter '${shortened(word, 60)}'; known: ${known}` };
    }
    if (seen[name] === true) {
      return { ok: false, reason: `check: ${name} stands twice` };
    }
    seen[name] = true;
    const value = word.slice(equals + 1);
    const reason = take(draft, value);
    if (reason !== undefined) {
      return { ok: false, reason: `check: ${shortened(word, 60)}: ${reason}` };
    }
  }
  const misplaced = draft.type === "tcp" ? onlyHttp.find((name) => seen[name] === true) : undefined;
  return misplaced === undefined
    ? { ok: true, check: draft }
    : { ok: false, reason: `check: ${misplaced} is for type=http, and this check is type=tcp` };
}
