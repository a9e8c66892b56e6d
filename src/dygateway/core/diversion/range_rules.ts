import { doubles } from "../buffer.ts";
import type { NumberBuffer } from "../buffer.ts";
import { integerText, MAX_RANGE_BOUND, parseDecimal } from "../decimal.ts";
import { policyInvalid } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { field, isInteger, isObject } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { AllNames } from "./all_names.ts";
import { sortedOrder } from "./sorted_order.ts";
import type { NextPairs, StoredPairs } from "./stored_pairs.ts";

const RULES_A_SLICE = 4096;

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

/** The refusal of a rule that shares values with another. */
export function sharesValues(rule: number, other: number): GatewayError {
  return policyInvalid(rule, `range overlapped: it shares values with rule ${other}`);
}

/** The score of a start: the integer - 0.3, written out so that no runtime rounds it. */
function startScore(start: number): string {
  return start === 0 ? "-0.3" : `${integerText(start - 1)}.7`;
}

/** Rules with bounds, both inclusive, in flat memory. */
export interface RangeRules {
  /** @param number the rule's place in the list, from 1. */
  readonly add: (this: void, number: number, start: number, end: number, upstream: string) => void;
  /** Members and scores of the rules in the order of their starts; two that share a value are refused. */
  readonly finish: (this: void, pause: Pause) => Result<StoredPairs>;
}

/**
 * @param capacity the most rules that will be added.
 * @param names numbers the upstreams of all rules.
 */
export function rangeRules(capacity: number, names: AllNames): RangeRules {
  const starts = doubles(capacity);
  const ends = doubles(capacity);
  const numbers = doubles(capacity);
  const upstreams = doubles(capacity);
  let count = 0;

  function openPairs(order: NumberBuffer): NextPairs {
    let taken = 0;
    return (into, most) => {
      const end = Math.min(taken + most, count * 2);
      while (taken < end) {
        const rule = order[Math.floor(taken / 2)]!;
        into.push(`${taken}:${names.name(upstreams[rule]!)}`);
        into.push(taken % 2 === 0 ? startScore(starts[rule]!) : `${integerText(ends[rule]!)}.3`);
        taken++;
      }
    };
  }

  return {
    add: (number, start, end, upstream) => {
      starts[count] = start;
      ends[count] = end;
      numbers[count] = number;
      upstreams[count] = names.number(upstream);
      count++;
    },
    finish: (pause) => {
      const order = sortedOrder(count, (rule, other) => starts[rule]! > starts[other]!, pause);
      for (let i = 1; i < count; i++) {
        if (i % RULES_A_SLICE === 0) {
          pause();
        }
        const before = order[i - 1]!;
        const rule = order[i]!;
        if (starts[rule]! <= ends[before]!) {
          return failure(sharesValues(numbers[rule]!, numbers[before]!));
        }
      }
      return success({ count: count * 2, open: () => openPairs(order) });
    },
  };
}
