import { parseDecimal } from "../decimal.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";

/** A year: longer than anything that is waited for, and far from where arithmetic overflows. */
const LONGEST_SECONDS = 31536000;

const unitMilliseconds: Lookup<number> = lookup();
unitMilliseconds["ms"] = 1;
unitMilliseconds["s"] = 1000;
unitMilliseconds["m"] = 60000;
unitMilliseconds["h"] = 3600000;
unitMilliseconds["d"] = 86400000;
unitMilliseconds["w"] = 604800000;
unitMilliseconds["M"] = 2592000000;
unitMilliseconds["y"] = 31536000000;

const MOST_DIGITS = 9;

/** @returns a whole number within the bounds, or -1. */
export function parseCount(text: string, least: number, most: number): number {
  const value = text.length <= MOST_DIGITS ? parseDecimal(text) : -1;
  return value >= least && value <= most ? value : -1;
}

/** The number of units from `at` on that are digits (or, with `digits` false, that are not). */
function run(text: string, at: number, digits: boolean): number {
  let end = at;
  while (end < text.length) {
    const unit = text.charCodeAt(end);
    const isDigit = unit >= 48 && unit <= 57;
    if (isDigit !== digits || unit === 32) {
      break;
    }
    end++;
  }
  return end - at;
}

/**
 * A time as nginx has it: `10`, `10s`, `500ms`, `1m30s`, `1h 30m`; larger units first, each once, a bare number last.
 *
 * @returns seconds, with milliseconds as a fraction; -1 where it is no such time, or longer than a year.
 */
export function parseTime(text: string): number {
  let total = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let at = 0;
  while (at < text.length) {
    const digits = run(text, at, true);
    const unit = text.slice(at + digits, at + digits + run(text, at + digits, false));
    const size = unit === "" ? 1000 : unitMilliseconds[unit];
    const isLast = unit !== "" || at + digits === text.length;
    if (digits < 1 || digits > MOST_DIGITS || size === undefined || size >= smallest || !isLast) {
      return -1;
    }
    total += parseDecimal(text.slice(at, at + digits)) * size;
    smallest = size;
    at += digits + unit.length;
    while (at < text.length && text.charAt(at) === " ") {
      at++;
    }
  }
  const isTime = text !== "" && !text.startsWith(" ") && total <= LONGEST_SECONDS * 1000;
  return isTime ? total / 1000 : -1;
}

/** The same in whole seconds: what nginx wants in `fail_timeout` and `slow_start`. */
export function parseSeconds(text: string): number {
  const seconds = parseTime(text);
  return Number.isInteger(seconds) ? seconds : -1;
}

/** The shortest text that every time directive of nginx reads. */
export function timeText(seconds: number): string {
  const milliseconds = Math.round(seconds * 1000);
  return milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;
}

/** What is expected of a value that was refused. */
export const timeExpected = "a time (10s, 1m30s) is expected";
export const secondsExpected = "a time in whole seconds (10s, 1m) is expected";

export function countExpected(least: number, most: number): string {
  return `a whole number from ${least} to ${most} is expected`;
}
