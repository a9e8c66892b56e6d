import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";

const PREFIX = "dygateway: ";

/** Texts come from requests and from Redis: a line break in one must not look like another log line. */
function oneLine(text: string): string {
  const [line] = string.gsub(text, "%c", " ");
  return line;
}

export function logError(text: string): void {
  ngx.log(ngx.ERR, PREFIX, oneLine(text));
}

export function logWarning(text: string): void {
  ngx.log(ngx.WARN, PREFIX, oneLine(text));
}

export function logNotice(text: string): void {
  ngx.log(ngx.NOTICE, PREFIX, oneLine(text));
}

export function logInfo(text: string): void {
  ngx.log(ngx.INFO, PREFIX, oneLine(text));
}

interface Repeated {
  since: number;
  suppressed: number;
}

const PERIOD_SECONDS = 60;
/** Distinct kinds of message that are remembered at once. */
const MAX_KINDS = 1000;

let kinds: Lookup<Repeated> = lookup();
let kindCount = 0;

/** Logs an error of a kind once a minute and worker; the next one says how many were held back. */
export function logErrorSometimes(kind: string, text: string): void {
  const now = ngx.now();
  const repeated = kinds[kind];
  if (repeated !== undefined && now - repeated.since < PERIOD_SECONDS) {
    repeated.suppressed++;
    return;
  }
  if (repeated === undefined) {
    if (kindCount >= MAX_KINDS) {
      kinds = lookup();
      kindCount = 0;
    }
    kindCount++;
  }
  const held = repeated?.suppressed ?? 0;
  kinds[kind] = { since: now, suppressed: 0 };
  logError(held > 0 ? `${text} (and ${held} more like this in the last minute)` : text);
}

/** Of one kind, so many subjects are told apart in a minute: names come from whoever may publish. */
const MOST_SUBJECTS = 20;
/** Bytes of a subject that count. */
const LONGEST_SUBJECT = 200;

interface Subjects {
  since: number;
  count: number;
}

const subjectsOf: Lookup<Subjects> = lookup();

/**
 * The same for each subject of a kind. Those that are too many in one minute count as one, so that neither the log nor
 * what is remembered grows with the names that somebody makes up.
 *
 * @param kind one of a few that are known beforehand. @param subject any text.
 */
export function logErrorOfSubject(kind: string, subject: string, text: string): void {
  const now = ngx.now();
  let subjects = subjectsOf[kind];
  if (subjects === undefined || now - subjects.since >= PERIOD_SECONDS) {
    subjects = { since: now, count: 0 };
    subjectsOf[kind] = subjects;
  }
  const own = `${kind} ${subject.slice(0, LONGEST_SUBJECT)}`;
  const isNew = kinds[own] === undefined;
  if (isNew && subjects.count >= MOST_SUBJECTS) {
    logErrorSometimes(kind, text);
    return;
  }
  subjects.count += isNew ? 1 : 0;
  logErrorSometimes(own, text);
}
