import { parseDecimal } from "../decimal.ts";
import { containsPattern } from "./body_pattern.ts";
import type { HealthCheck } from "./model.ts";

/** The request of an HTTP check. */
export function probeRequest(check: HealthCheck, upstream: string): string {
  const host = check.host === "" ? upstream : check.host;
  return (
    `${check.method} ${check.path} HTTP/1.1\r\nHost: ${host}\r\n` +
    "User-Agent: dygateway-health\r\nAccept: */*\r\nConnection: close\r\n\r\n"
  );
}

/** Seconds for a whole check: it is over when the next one is due, else those of peers that hang would pile up. */
export function probeTimeout(check: HealthCheck): number {
  return Math.min(check.timeout, check.interval);
}

/** The status code of an answer's first line; -1 where it is no HTTP answer. */
export function statusOf(line: string): number {
  const space = line.startsWith("HTTP/1.") ? line.indexOf(" ") : -1;
  return space < 0 ? -1 : parseDecimal(line.slice(space + 1, space + 4));
}

/** How an answer's body is sent. */
interface BodyForm {
  readonly chunked: boolean;
  /** Undefined: until the connection ends. */
  readonly length: number | undefined;
}

/** @param headers the lines after the first. */
export function bodyForm(headers: readonly string[]): BodyForm {
  let chunked = false;
  let length: number | undefined;
  for (const header of headers) {
    const colon = header.indexOf(":");
    const name = header.slice(0, colon).trim().toLowerCase();
    const value = header.slice(colon + 1).trim();
    if (name === "transfer-encoding" && value.toLowerCase().indexOf("chunked") >= 0) {
      chunked = true;
    } else if (name === "content-length" && parseDecimal(value) >= 0) {
      length = parseDecimal(value);
    }
  }
  return { chunked, length: chunked ? undefined : length };
}

const HEX = "0123456789abcdef";

function chunkSize(line: string): number {
  let size = 0;
  let digits = 0;
  for (; digits < line.length; digits++) {
    const digit = HEX.indexOf(line.charAt(digits).toLowerCase());
    if (digit < 0) {
      break;
    }
    size = size * 16 + digit;
  }
  return digits === 0 ? -1 : size;
}

/** The text of a body sent in chunks, as far as it is there; `ended` once the last chunk is. */
function joinChunks(raw: string): { readonly text: string; readonly ended: boolean } {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const end = raw.indexOf("\r\n", at);
    const size = end < 0 ? -1 : chunkSize(raw.slice(at, end));
    if (size <= 0) {
      // Not there yet, malformed, or the last one.
      return { text: parts.join(""), ended: end >= 0 };
    }
    parts.push(raw.slice(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
    if (at > raw.length) {
      return { text: parts.join(""), ended: false };
    }
  }
}

/** What was received of a body, and whether there is more to come. */
export function bodyReceived(raw: string, form: BodyForm): { readonly text: string; readonly ended: boolean } {
  if (form.chunked) {
    return joinChunks(raw);
  }
  return { text: raw, ended: form.length !== undefined && raw.length >= form.length };
}

const SHOWN = 40;
/** What is read of an answer at most. */
export const MOST_BYTES = 65536;

function bodyProblem(text: string, check: HealthCheck): string {
  if (containsPattern(text, check.body)) {
    return "";
  }
  const wanted = check.body.length > SHOWN ? `${check.body.slice(0, SHOWN)}…` : check.body;
  return `body does not contain "${wanted}"`;
}

/**
 * What is wrong with an answer: "" for nothing, undefined where more of it is needed to say so.
 *
 * @param raw what was received. @param over nothing more will come.
 */
export function answerProblem(raw: string, over: boolean, check: HealthCheck): string | undefined {
  const isAll = over || raw.length >= MOST_BYTES;
  const lineEnd = raw.indexOf("\r\n");
  if (lineEnd < 0) {
    return isAll ? (raw === "" ? "the connection was closed without an answer" : "the answer is not HTTP") : undefined;
  }
  const status = statusOf(raw.slice(0, lineEnd));
  if (status < 0) {
    return "the answer is not HTTP";
  }
  if (!check.expect.includes(status)) {
    return `status ${status}`;
  }
  if (check.body === "") {
    return "";
  }
  const headersEnd = raw.indexOf("\r\n\r\n");
  if (headersEnd < 0) {
    return isAll ? "the answer ends within its headers" : undefined;
  }
  const form = bodyForm(raw.slice(lineEnd + 2, Math.max(headersEnd, lineEnd + 2)).split("\r\n"));
  const { text, ended } = bodyReceived(raw.slice(headersEnd + 4), form);
  const problem = bodyProblem(text, check);
  return problem === "" || ended || isAll ? problem : undefined;
}
