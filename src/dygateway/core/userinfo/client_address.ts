import { mappedIpv4, parseIpv4, parseIpv6 } from "./address.ts";
import { parseAddressRange } from "./address_range.ts";
import type { AddressRange } from "./address_range.ts";

/** The proxies whose X-Real-IP and X-Forwarded-For are believed. */
export interface TrustedProxies {
  readonly ranges: readonly AddressRange[];
  readonly unixSockets: boolean;
}

/** Loopback and private ranges: what stands in front of a gateway in one's own network. */
export const defaultTrustedProxies: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1/128",
  "fc00::/7",
  "unix:",
];

export type ParsedProxies =
  | { readonly ok: true; readonly trusted: TrustedProxies }
  | { readonly ok: false; readonly reason: string };

/** @param texts addresses, ranges and CIDRs, and `unix:` for peers on a unix socket. */
export function parseTrustedProxies(texts: readonly string[]): ParsedProxies {
  const ranges: AddressRange[] = [];
  let unixSockets = false;
  for (const text of texts) {
    if (text === "unix:") {
      unixSockets = true;
    } else {
      const parsed = parseAddressRange(text);
      if (!parsed.ok) {
        return { ok: false, reason: parsed.reason };
      }
      ranges.push(parsed.range);
    }
  }
  return { ok: true, trusted: { ranges, unixSockets } };
}

export function isTrusted(proxies: TrustedProxies, peer: string): boolean {
  if (peer.slice(0, 5) === "unix:") {
    return proxies.unixSockets;
  }
  const dotted = parseIpv4(peer, 0);
  const digits = dotted < 0 ? parseIpv6(peer) : undefined;
  const ipv4 = digits === undefined ? dotted : mappedIpv4(digits);
  for (const range of proxies.ranges) {
    if (range.family === 4) {
      if (ipv4 >= range.start && ipv4 <= range.end) {
        return true;
      }
    } else if (digits !== undefined && digits >= range.start && digits <= range.end) {
      return true;
    }
  }
  return false;
}

/**
 * Whose address a request counts as. From a trusted peer it is `X-Real-IP`, else the first address of
 * `X-Forwarded-For`; from anyone else, and where neither is sent, the peer's own.
 * @inlined
 */
export function clientAddress(
  isPeerTrusted: boolean,
  peer: string | undefined,
  realIp: string | undefined,
  forwardedFor: string | undefined,
): string | undefined {
  if (!isPeerTrusted) {
    return peer;
  }
  if (realIp !== undefined) {
    return realIp;
  }
  if (forwardedFor !== undefined) {
    const comma = forwardedFor.indexOf(",");
    const first = (comma < 0 ? forwardedFor : forwardedFor.slice(0, comma)).trim();
    return first;
  }
  return peer;
}
