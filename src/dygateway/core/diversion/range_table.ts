import { doubles, shorts } from "../buffer.ts";
import type { NumberBuffer } from "../buffer.ts";
import { decimalIn, digitsIn, parseDecimal, plainNumberIn } from "../decimal.ts";
import { divdataBroken } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import type { TakeSpan } from "../json/pairs_text.ts";
import { failure, noPause, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { isUpstreamName } from "./rule.ts";
import { sortedPosition } from "./sorted_position.ts";
import { upstreamNames } from "./upstream_names.ts";

const COLON = 0x3a;

/**
 * The stored form of ranges: two members a rule, `<2i>:<upstream>` at its start - 0.3 and `<2i+1>:<upstream>` at its
 * end + 0.3, in score order. A value belongs to the first member whose score is not below it when that member's index
 * is odd; when it is even, the value lies in a gap.
 */
export interface RangeTable {
  /** The upstream of the range that holds `value`, or undefined in a gap. */
  readonly find: (this: void, value: number) => string | undefined;
  /** The range `start-end` that holds `value`, for people. */
  readonly describe: (this: void, value: number, show: (bound: number) => string) => string;
}

export interface RangeTableBuilder {
  readonly add: (this: void, member: string, score: string) => void;
  readonly addSpan: TakeSpan;
  readonly finish: (this: void) => Result<RangeTable>;
}

/** @param count the most members that will be added. @param pause is called as the table is finished. */
export function rangeTableBuilder(count: number, pause: Pause = noPause): RangeTableBuilder {
  const names = upstreamNames();
  const scores: NumberBuffer = doubles(count + 1);
  /** The upstream of the value up to that member's score: 0 in the gap before a rule's start. */
  const upstreams: NumberBuffer = shorts(count + 1);
  let size = 0;
  let started = 0;
  let problem: GatewayError | undefined;

  /** @returns what is wrong with the next member, "" for nothing. */
  function fault(index: number, upstream: string, bound: number): string {
    if (index !== size) {
      return `index ${size} was expected here: a half of a rule is missing, or the rules overlap`;
    }
    if (!names.isKnown(upstream) && !isUpstreamName(upstream)) {
      return "it names an upstream that nginx cannot take";
    }
    if (!(bound > (size === 0 ? -1 : scores[size - 1]!)) || !(bound < 1e300)) {
      return "its score is no bound";
    }
    if (size >= count) {
      return "there is more data than was announced";
    }
    const number = names.number(upstream);
    if (number === 0) {
      return "there are too many upstreams";
    }
    return index % 2 === 1 && number !== started ? "its rule starts with another upstream" : "";
  }

  /** Adds a member without a fault. */
  function place(index: number, upstream: string, bound: number): void {
    const number = names.number(upstream);
    if (index % 2 === 0) {
      started = number;
    }
    scores[size] = bound;
    upstreams[size] = index % 2 === 0 ? 0 : number;
    size++;
  }

  function add(member: string, score: string): void {
    const colon = member.indexOf(":");
    const index = colon < 0 ? -1 : parseDecimal(member.slice(0, colon));
    const upstream = member.slice(colon + 1);
    const bound = Number(score);
    const reason = fault(index, upstream, bound);
    if (reason === "") {
      place(index, upstream, bound);
    } else {
      problem ??= divdataBroken(`member '${member}' with score ${score}: ${reason}`);
    }
  }

  /** The same without a text of the member and the score, where they are such as any range has. */
  const addSpan: TakeSpan = (text, member, memberEnd, score, scoreEnd) => {
    const colon = member + digitsIn(text, member, memberEnd);
    const index = text.bytes[colon] === COLON ? plainNumberIn(text, member, colon) : -1;
    const bound = index < 0 ? -1 : decimalIn(text, score, scoreEnd);
    const upstream = bound < 0 ? "" : text.slice(colon + 1, memberEnd);
    if (bound < 0 || fault(index, upstream, bound) !== "") {
      add(text.slice(member, memberEnd), text.slice(score, scoreEnd));
    } else {
      place(index, upstream, bound);
    }
  };

  return {
    add,
    addSpan,
    finish: () => {
      if (problem === undefined && size % 2 === 1) {
        problem = divdataBroken(`the last rule has a start and no end`);
      }
      if (problem !== undefined) {
        return failure(problem);
      }
      const position = sortedPosition(scores, size, pause);
      return success({
        // Behind the last member lies a slot that was never written: 0, which names no upstream.
        find: /** @inlined */ (value) => {
          const upstream = names.name(upstreams[position(value)]!);
          return upstream;
        },
        describe: (value, show) => {
          const at = position(value);
          // The ceiling of -0.3 is a negative zero, which Lua prints with its sign.
          const start = scores[at - 1]! < 0 ? 0 : Math.ceil(scores[at - 1]!);
          return `range ${show(start)}-${show(Math.floor(scores[at]!))}`;
        },
      });
    },
  };
}
