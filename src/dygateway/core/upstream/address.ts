import { parseDecimal } from "../decimal.ts";
import { shortened } from "../json/utf8.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { mappedIpv4, parseIpv4, parseIpv6 } from "../userinfo/address.ts";
import { serverAddressInvalid } from "./errors.ts";

/** Where a server is, in parts. */
export interface AddressParts {
  /** `name`: a name that DNS resolves. */
  readonly kind: "ip" | "unix" | "name";
  /** An address without brackets, the path of a socket, or a name. */
  readonly host: string;
  /** 0 for a socket. */
  readonly port: number;
}

const DEFAULT_PORT = 80;
/** sockaddr_un holds 108 bytes, one of which ends it. */
const LONGEST_PATH = 107;
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

const DIGITS = "0123456789";
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const LABEL_CHARACTERS = `${LETTERS}${DIGITS}_-`;
const PATH_CHARACTERS = `${LETTERS}ABCDEFGHIJKLMNOPQRSTUVWXYZ${DIGITS}_./@+,=~-`;

function hasOnly(text: string, characters: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (characters.indexOf(text.charAt(i)) < 0) {
      return false;
    }
  }
  return true;
}

function isName(host: string): boolean {
  if (host.length > LONGEST_NAME) {
    return false;
  }
  for (const label of host.split(".")) {
    const isLabel = label !== "" && label.length <= LONGEST_LABEL && !label.startsWith("-") && !label.endsWith("-");
    if (!isLabel || !hasOnly(label, LABEL_CHARACTERS)) {
      return false;
    }
  }
  // 1.2.3 or 300.1.1.1 is a mistyped address.
  return !hasOnly(host, `${DIGITS}.`);
}

/** The dotted form of a number of 32 bits. */
function ipv4Text(address: number): string {
  const parts: string[] = [];
  for (let size = 16777216; size >= 1; size /= 256) {
    parts.push(`${Math.floor(address / size) % 256}`);
  }
  return parts.join(".");
}

/** The short form of RFC 5952: small letters, no leading zeros, the first longest run of zero groups as `::`. */
export function ipv6Text(digits: string): string {
  const mapped = mappedIpv4(digits);
  if (mapped >= 0) {
    return `::ffff:${ipv4Text(mapped)}`;
  }
  const groups: string[] = [];
  for (let i = 0; i < 32; i += 4) {
    groups.push(parseInt(digits.slice(i, i + 4), 16).toString(16));
  }
  let start = 0;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === "0") {
      end++;
    }
    if (end - i > length) {
      start = i;
      length = end - i;
    }
  }
  if (length === 1) {
    return groups.join(":");
  }
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

export type ParsedAddress =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly reason: string };

function refuse(text: string, reason: string): ParsedAddress {
  return { ok: false, reason: `'${shortened(text, 80)}' ${reason}` };
}

function taken(address: string): ParsedAddress {
  return { ok: true, address };
}

function parsePort(digits: string): number {
  const port = digits.length <= 5 ? parseDecimal(digits) : -1;
  return port >= 1 && port <= 65535 && !digits.startsWith("0") ? port : -1;
}

const badPort = "has a bad port; a number from 1 to 65535 is expected";
const badPath = `is no unix socket; unix: and an absolute path of plain characters, up to ${LONGEST_PATH}, are expected`;

function parseIpv6Server(text: string): ParsedAddress {
  const close = text.indexOf("]");
  const digits = close < 0 ? undefined : parseIpv6(text.slice(1, close));
  if (digits === undefined) {
    return refuse(text, "has no IPv6 address between its brackets");
  }
  const rest = text.slice(close + 1);
  const port = rest === "" ? DEFAULT_PORT : rest.startsWith(":") ? parsePort(rest.slice(1)) : -1;
  return port < 0 ? refuse(text, badPort) : taken(`[${ipv6Text(digits)}]:${port}`);
}

/**
 * The one form of a server's address, so that the same server is never taken for two: `10.0.0.1:80`,
 * `[2001:db8::1]:80`, `unix:/path` or `name.example:80`. Without a port, it is 80, as in nginx.
 */
export function readServerAddress(text: string): ParsedAddress {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    const isPath = path.startsWith("/") && path.length > 1 && path.length <= LONGEST_PATH && hasOnly(path, PATH_CHARACTERS);
    return isPath ? taken(text) : refuse(text, badPath);
  }
  if (text.startsWith("[")) {
    return parseIpv6Server(text);
  }
  if (text.indexOf("://") >= 0) {
    return refuse(text, "is a URL; host:port alone is expected");
  }
  const colon = text.indexOf(":");
  const host = (colon < 0 ? text : text.slice(0, colon)).toLowerCase();
  const isAddress = parseIpv4(host, 0) >= 0;
  if (!isAddress && parseIpv6(text) !== undefined) {
    return refuse(text, "is an IPv6 address; it is expected in brackets");
  }
  if (!isAddress && !isName(host)) {
    return refuse(text, "is no server address; host:port, [IPv6]:port or unix:/path is expected");
  }
  const port = colon < 0 ? DEFAULT_PORT : parsePort(text.slice(colon + 1));
  return port < 0 ? refuse(text, badPort) : taken(`${host}:${port}`);
}

/** The same for an address that stands for itself, as in a parameter. */
export function parseServerAddress(text: string): Result<string> {
  const read = readServerAddress(text);
  return read.ok ? success(read.address) : failure(serverAddressInvalid(read.reason));
}

/** The parts of an address in the form of `parseServerAddress`. */
export function addressParts(address: string): AddressParts {
  if (address.startsWith("unix:")) {
    return { kind: "unix", host: address.slice("unix:".length), port: 0 };
  }
  const colon = address.startsWith("[") ? address.indexOf("]:") + 1 : address.indexOf(":");
  const port = parseDecimal(address.slice(colon + 1));
  if (address.startsWith("[")) {
    return { kind: "ip", host: address.slice(1, colon - 1), port };
  }
  const host = address.slice(0, colon);
  return { kind: parseIpv4(host, 0) >= 0 ? "ip" : "name", host, port };
}

/** The address of a port of a resolved name. @param ip without brackets. */
export function addressOf(ip: string, port: number): string {
  return ip.indexOf(":") >= 0 ? `[${ip}]:${port}` : `${ip}:${port}`;
}
