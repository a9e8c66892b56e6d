import { hexDigits, mappedIpv4, parseIpv4, parseIpv6 } from "./address.ts";

/** Inclusive bounds: numbers for IPv4, 32 hex digits for IPv6. */
export type AddressRange =
  | { readonly family: 4; readonly start: number; readonly end: number }
  | { readonly family: 6; readonly start: string; readonly end: string };

export type ParsedRange =
  | { readonly ok: true; readonly range: AddressRange }
  | { readonly ok: false; readonly reason: string };

const forms = "an address, FIRST-LAST or CIDR";

function refuse(text: string, reason: string): ParsedRange {
  return { ok: false, reason: `'${text}' ${reason}` };
}

function one(text: string): AddressRange | undefined {
  const ipv4 = parseIpv4(text, 0);
  if (ipv4 >= 0) {
    return { family: 4, start: ipv4, end: ipv4 };
  }
  const ipv6 = parseIpv6(text);
  if (ipv6 === undefined) {
    return undefined;
  }
  const mapped = mappedIpv4(ipv6);
  return mapped >= 0 ? { family: 4, start: mapped, end: mapped } : { family: 6, start: ipv6, end: ipv6 };
}

function prefixLength(text: string, most: number): number {
  if (text.length < 1 || text.length > 3) {
    return -1;
  }
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = "0123456789".indexOf(text.charAt(i));
    if (digit < 0) {
      return -1;
    }
    value = value * 10 + digit;
  }
  return value <= most ? value : -1;
}

function cidr(text: string, slash: number): ParsedRange {
  const base = one(text.slice(0, slash));
  if (base === undefined) {
    return refuse(text, `is not ${forms}`);
  }
  const bits = prefixLength(text.slice(slash + 1), base.family === 4 ? 32 : 128);
  if (bits < 0) {
    return refuse(text, `has no prefix length from 0 to ${base.family === 4 ? 32 : 128}`);
  }
  if (base.family === 4) {
    const size = 2 ** (32 - bits);
    if (base.start % size !== 0) {
      return refuse(text, `has bits set after its first ${bits}`);
    }
    return { ok: true, range: { family: 4, start: base.start, end: base.start + size - 1 } };
  }
  const whole = Math.floor(bits / 4);
  const partial = whole < 32 ? parseInt(base.start.charAt(whole), 16) : 0;
  const size = whole < 32 ? 2 ** (4 - (bits % 4)) : 1;
  const rest = base.start.slice(whole + 1);
  if (partial % size !== 0 || rest !== "0".repeat(rest.length)) {
    return refuse(text, `has bits set after its first ${bits}`);
  }
  const last = whole < 32 ? hexDigits(partial + size - 1, 1) + "f".repeat(31 - whole) : "";
  return { ok: true, range: { family: 6, start: base.start, end: base.start.slice(0, whole) + last } };
}

/**
 * @param text `a.b.c.d`, `a.b.c.d-e.f.g.h`, `a.b.c.d/n`, and the same in IPv6. `::ffff:a.b.c.d` counts as IPv4.
 */
export function parseAddressRange(text: string): ParsedRange {
  const slash = text.indexOf("/");
  if (slash >= 0) {
    return cidr(text, slash);
  }
  const dash = text.indexOf("-");
  const first = one(dash < 0 ? text : text.slice(0, dash));
  const last = dash < 0 ? first : one(text.slice(dash + 1));
  if (first === undefined || last === undefined) {
    return refuse(text, `is not ${forms}`);
  }
  if (first.family === 4 && last.family === 4) {
    const range: AddressRange = { family: 4, start: first.start, end: last.end };
    return range.start <= range.end ? { ok: true, range } : refuse(text, "starts after it ends");
  }
  if (first.family === 6 && last.family === 6) {
    const range: AddressRange = { family: 6, start: first.start, end: last.end };
    return range.start <= range.end ? { ok: true, range } : refuse(text, "starts after it ends");
  }
  return refuse(text, "mixes IPv4 and IPv6");
}
