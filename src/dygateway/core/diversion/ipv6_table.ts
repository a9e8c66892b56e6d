import { divdataBroken } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isUpstreamName } from "./rule.ts";

/**
 * IPv6 ranges. Stored as members of a sorted set with score 0, `<first>-<last>:<upstream>`, both addresses as 32 hex
 * digits, so that Redis keeps them in address order; a double, which is what a score is, cannot hold 128 bits.
 */
export interface Ipv6Table {
  readonly find: (this: void, digits: string) => string | undefined;
  readonly describe: (this: void, digits: string) => string;
  readonly size: (this: void) => number;
}

export interface Ipv6TableBuilder {
  readonly add: (this: void, member: string) => void;
  readonly finish: (this: void) => Result<Ipv6Table>;
}

export function ipv6Member(start: string, end: string, upstream: string): string {
  return `${start}-${end}:${upstream}`;
}

function isHex(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if ("0123456789abcdef".indexOf(text.charAt(i)) < 0) {
      return false;
    }
  }
  return text.length === 32;
}

/** 32 hex digits as people read an address: eight groups of four. */
function grouped(digits: string): string {
  const groups: string[] = [];
  for (let i = 0; i < 32; i += 4) {
    groups.push(digits.slice(i, i + 4));
  }
  return groups.join(":");
}

export function ipv6TableBuilder(): Ipv6TableBuilder {
  const starts: string[] = [];
  const ends: string[] = [];
  const upstreams: string[] = [];
  let problem: GatewayError | undefined;

  function add(member: string): void {
    const start = member.slice(0, 32);
    const end = member.slice(33, 65);
    const upstream = member.slice(66);
    const wellFormed =
      isHex(start) && isHex(end) && member.charAt(32) === "-" && member.charAt(65) === ":" && isUpstreamName(upstream);
    const before = ends.length === 0 ? "" : ends[ends.length - 1]!;
    if (!wellFormed || start > end || start <= before) {
      problem ??= divdataBroken(`IPv6 member '${member}' is malformed or overlaps the one before`);
      return;
    }
    starts.push(start);
    ends.push(end);
    upstreams.push(upstream);
  }

  /** The position of the range that holds the address, or -1. */
  function position(digits: string): number {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! < digits) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < ends.length && starts[low]! <= digits ? low : -1;
  }

  return {
    add: (member) => add(member),
    finish: () => {
      if (problem !== undefined) {
        return failure(problem);
      }
      return success({
        find: (digits) => {
          const at = position(digits);
          return at < 0 ? undefined : upstreams[at];
        },
        describe: (digits) => {
          const at = position(digits);
          return `range ${grouped(starts[at]!)}-${grouped(ends[at]!)}`;
        },
        size: () => ends.length,
      });
    },
  };
}
