import { integerText, MAX_RANGE_BOUND, parseDecimal } from "../decimal.ts";
import { policyInvalid } from "../errors.ts";
import { field, isInteger, isObject } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { StoredPairs } from "./diversion_type.ts";

/** An operator's rule with inclusive bounds; `number` is its place in the list, from 1. */
export interface RangeRule<Bound> {
  readonly number: number;
  readonly start: Bound;
  readonly end: Bound;
  readonly upstream: string;
}

const RULES_A_SLICE = 1024;

function bound(range: JsonObject, name: string): number {
  const given = field(range, name);
  // More than 15 digits arrive as text; up to the largest bound they are exact all the same.
  const value = isInteger(given) ? parseDecimal(given.digits) : given;
  const usable = typeof value === "number" && value >= 0 && value <= MAX_RANGE_BOUND && Math.floor(value) === value;
  return usable ? value : -1;
}

/** The bounds of `{"start":1,"end":9}`, or why they are none. */
export function numberBounds(
  value: JsonValue | undefined,
  rule: number,
): Result<{ readonly start: number; readonly end: number }> {
  if (!isObject(value) || value.keys.length !== 2) {
    return failure(policyInvalid(rule, "range invalid: {start, end} is expected"));
  }
  const start = bound(value, "start");
  const end = bound(value, "end");
  if (start < 0 || end < 0) {
    return failure(
      policyInvalid(rule, `range invalid: start and end are whole numbers from 0 to ${integerText(MAX_RANGE_BOUND)}`),
    );
  }
  if (start > end) {
    return failure(policyInvalid(rule, "range error for start < end: it starts after it ends"));
  }
  return success({ start, end });
}

/** Sorts the rules by their start and refuses two that share a value. */
export function sortRanges<Bound extends number | string>(rules: RangeRule<Bound>[]): Result<RangeRule<Bound>[]> {
  rules.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.number - b.number));
  for (let i = 1; i < rules.length; i++) {
    const before = rules[i - 1]!;
    const rule = rules[i]!;
    if (rule.start <= before.end) {
      return failure(policyInvalid(rule.number, `range overlapped: it shares values with rule ${before.number}`));
    }
  }
  return success(rules);
}

/** The score of a start: the integer - 0.3, written out so that no runtime rounds it. */
function startScore(start: number): string {
  return start === 0 ? "-0.3" : `${integerText(start - 1)}.7`;
}

/** Members and scores of sorted rules. */
export function storeRanges(rules: readonly RangeRule<number>[], pause: Pause): StoredPairs {
  const pairs: string[] = [];
  for (let i = 0; i < rules.length; i++) {
    if (i % RULES_A_SLICE === 0) {
      pause();
    }
    const rule = rules[i]!;
    pairs.push(`${2 * i}:${rule.upstream}`, startScore(rule.start));
    pairs.push(`${2 * i + 1}:${rule.upstream}`, `${integerText(rule.end)}.3`);
  }
  return pairs;
}
