import type { NumberBuffer } from "../buffer.ts";
import { ipv4Number, readIpv6Number } from "../native.ts";

const DOT = 46;
const ZERO = 48;
const NINE = 57;

/**
 * The unsigned 32-bit number of a dotted IPv4 address, or -1 where `text` from `from` on is no such address. Four
 * decimal parts and nothing else: no octal, hexadecimal or short forms, whose meaning differs between systems.
 */
export function parseIpv4(text: string, from: number): number {
  let address = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === DOT) {
      if (digits === 0 || dots === 3) {
        return -1;
      }
      address = address * 256 + part;
      part = 0;
      digits = 0;
      dots++;
    } else if (unit >= ZERO && unit <= NINE) {
      if (digits === 1 && part === 0) {
        return -1;
      }
      part = part * 10 + (unit - ZERO);
      digits++;
      if (part > 255) {
        return -1;
      }
    } else {
      return -1;
    }
  }
  return dots === 3 && digits > 0 ? address * 256 + part : -1;
}

/**
 * The same for a request's address, without a loop under LuaJIT.
 * @inlined
 */
export function addressNumber(text: string): number {
  const known = ipv4Number(text);
  const number = known === -2 ? parseIpv4(text, 0) : known;
  return number;
}

const HEX = "0123456789abcdef";

/** One group of an IPv6 address as four hex digits, or undefined. */
function group(text: string): string | undefined {
  if (text.length < 1 || text.length > 4) {
    return undefined;
  }
  for (let i = 0; i < text.length; i++) {
    if (HEX.indexOf(text.charAt(i)) < 0) {
      return undefined;
    }
  }
  return text.padStart(4, "0");
}

/** The groups of one side of `::` as hex digits; undefined where one is malformed. */
function groups(text: string, mayEndWithIpv4: boolean): string | undefined {
  if (text === "") {
    return "";
  }
  const parts = text.split(":");
  let digits = "";
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (mayEndWithIpv4 && i === parts.length - 1 && part.indexOf(".") >= 0) {
      const address = parseIpv4(part, 0);
      if (address < 0) {
        return undefined;
      }
      digits += hexDigits(address, 8);
    } else {
      const one = group(part);
      if (one === undefined) {
        return undefined;
      }
      digits += one;
    }
  }
  return digits;
}

/** `value` as exactly `length` hex digits. */
export function hexDigits(value: number, length: number): string {
  let rest = value;
  let digits = "";
  for (let i = 0; i < length; i++) {
    digits = HEX.charAt(rest % 16) + digits;
    rest = Math.floor(rest / 16);
  }
  return digits;
}

/**
 * An IPv6 address (RFC 4291 text form) as 32 lower-case hex digits, which sort as the addresses do; undefined where the
 * text is no such address. A zone (`%eth0`) belongs to one machine and is refused.
 */
export function parseIpv6(text: string): string | undefined {
  if (text.length < 2 || text.length > 45) {
    return undefined;
  }
  const lower = text.toLowerCase();
  const gap = lower.indexOf("::");
  if (gap < 0) {
    const digits = groups(lower, true);
    return digits !== undefined && digits.length === 32 ? digits : undefined;
  }
  const head = groups(lower.slice(0, gap), false);
  const tail = groups(lower.slice(gap + 2), true);
  if (head === undefined || tail === undefined || head.length + tail.length > 28) {
    return undefined;
  }
  return head + "0".repeat(32 - head.length - tail.length) + tail;
}

/** 32 hex digits as three numbers: the first 48 bits, the next 48, and the last 32. */
export function splitIpv6(digits: string, into: NumberBuffer): void {
  into[0] = parseInt(digits.slice(0, 12), 16);
  into[1] = parseInt(digits.slice(12, 24), 16);
  into[2] = parseInt(digits.slice(24), 16);
}

function readIpv6Plainly(text: string, into: NumberBuffer): boolean {
  const digits = parseIpv6(text);
  if (digits !== undefined) {
    splitIpv6(digits, into);
  }
  return digits !== undefined;
}

/**
 * Reads a request's IPv6 address into three numbers, without a loop under LuaJIT. @returns whether it is one.
 * @inlined
 */
export function readIpv6(text: string, into: NumberBuffer): boolean {
  const known = readIpv6Number(text, into);
  const isRead = known === -2 ? readIpv6Plainly(text, into) : known === 1;
  return isRead;
}

/** What the second number of a mapped IPv4 address is, after a first of 0; the third is the IPv4 address. */
export const MAPPED_MIDDLE = 65535;

/** The prefix of IPv4 addresses written as IPv6 (`::ffff:1.2.3.4`), which count as the IPv4 address they hold. */
export const MAPPED_PREFIX = "00000000000000000000ffff";

/** The number of the IPv4 address that 32 hex digits hold, or -1 where they hold none. */
export function mappedIpv4(digits: string): number {
  if (digits.slice(0, 24) !== MAPPED_PREFIX) {
    return -1;
  }
  let value = 0;
  for (let i = 24; i < 32; i++) {
    value = value * 16 + HEX.indexOf(digits.charAt(i));
  }
  return value;
}
