import { doubles } from "../buffer.ts";
import type { NumberBuffer } from "../buffer.ts";
import { divdataBroken } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { splitIpv6 } from "../userinfo/address.ts";
import { compareIpv6, ipv6Position } from "./ipv6_position.ts";
import { isUpstreamName } from "./rule.ts";

/**
 * IPv6 ranges. Stored as members of a sorted set with score 0, `<first>-<last>:<upstream>`, both addresses as 32 hex
 * digits, so that Redis keeps them in address order; a double, which is what a score is, cannot hold 128 bits. Here an
 * address is three numbers, of 48, 48 and 32 bits.
 */
export interface Ipv6Table {
  readonly find: (this: void, address: NumberBuffer) => string | undefined;
  /** The range that holds the address, for people. */
  readonly describe: (this: void, address: NumberBuffer) => string;
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

/** The addresses one after the other, three numbers each. */
function numbersOf(addresses: readonly string[]): NumberBuffer {
  const numbers = doubles(addresses.length * 3 + 3);
  const address = doubles(3);
  for (let i = 0; i < addresses.length; i++) {
    splitIpv6(addresses[i]!, address);
    for (let part = 0; part < 3; part++) {
      numbers[i * 3 + part] = address[part]!;
    }
  }
  return numbers;
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

  return {
    add: (member) => add(member),
    finish: () => {
      if (problem !== undefined) {
        return failure(problem);
      }
      const first = numbersOf(starts);
      const position = ipv6Position(numbersOf(ends), ends.length);
      return success({
        find: /** @inlined */ (address) => {
          const at = position(address);
          // Behind the last one there is no upstream.
          const upstream = compareIpv6(first, at, address) > 0 ? undefined : upstreams[at];
          return upstream;
        },
        describe: (address) => {
          const at = position(address);
          return `range ${grouped(starts[at]!)}-${grouped(ends[at]!)}`;
        },
      });
    },
  };
}
