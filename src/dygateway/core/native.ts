import { behind, stringsAreBytes } from "./buffer.ts";
import type { NumberBuffer } from "./buffer.ts";

/**
 * A few C functions for the request path under LuaJIT. Its compiler gives up on a function that runs into a loop over
 * a text's characters, and the whole request is interpreted from then on (2 to 3 µs more, measured); one call into
 * libc or nginx keeps it compiled. Elsewhere, and for everything that is not a request, the plain functions beside
 * their callers do the same, and tests hold the two to the same answers.
 */
interface Native {
  /** strspn(3) */
  dygateway_strspn(this: void, text: string | MemoryText, accepted: string): number;
  /** strcspn(3) */
  dygateway_strcspn(this: void, text: string | MemoryText, refused: string): number;
  /** atoll(3): decimal digits only; an int64_t, which is no Lua number yet. */
  dygateway_atoll(this: void, text: string | MemoryText): string;
  /** strtod(3): the double nearest to a decimal number. */
  dygateway_strtod(this: void, text: string | MemoryText, end: undefined): number;
  /** inet_pton(3): exactly four decimal parts, as `parseIpv4` has it. */
  dygateway_inet_pton(this: void, family: number, text: string, into: ArrayLike<number>): number;
  /** ngx_murmur_hash2 of nginx's core, there only inside nginx. */
  dygateway_murmur2(this: void, text: string, length: number): number;
  /** crc32(3) of zlib, there where nginx is linked to it. */
  dygateway_crc32(this: void, start: number, text: string, length: number): number;
}

interface Ffi {
  readonly C: Native;
  cdef(this: void, declarations: string): void;
  new: (this: void, type: string) => { [index: number]: number; readonly length: number };
}

declare function require(this: void, name: string): Ffi;
declare function pcall(this: void, probe: (this: void) => void): boolean;
declare function tonumber(this: void, text: string): number;

const ffi: Ffi | undefined = stringsAreBytes ? require("ffi") : undefined;

ffi?.cdef(`
  int dygateway_strspn(const char *text, const char *accepted) __asm__("strspn");
  int dygateway_strcspn(const char *text, const char *refused) __asm__("strcspn");
  int64_t dygateway_atoll(const char *text) __asm__("atoll");
  double dygateway_strtod(const char *text, char **end) __asm__("strtod");
  int dygateway_inet_pton(int family, const char *text, uint8_t *into) __asm__("inet_pton");
  uint32_t dygateway_murmur2(const char *text, size_t length) __asm__("ngx_murmur_hash2");
  uint32_t dygateway_crc32(size_t start, const char *text, uint32_t length) __asm__("crc32");
`);

const libc: Native | undefined = ffi?.C;
const DIGITS = "0123456789";
const ADDRESS_CHARACTERS = "0123456789.";
const IPV6_CHARACTERS = "0123456789abcdefABCDEF:.";
const AF_INET = 2;
const AF_INET6 = 10;
const octets = ffi?.new("uint8_t[16]") ?? [0, 0, 0, 0];

// Each a constant of its own: LuaJIT looks up what a table holds, and takes what a local holds for known.
const strspn = libc?.dygateway_strspn;
const strcspn = libc?.dygateway_strcspn;
const atoll = libc?.dygateway_atoll;
const strtod = libc?.dygateway_strtod;
const inetPton = libc?.dygateway_inet_pton;

/**
 * Whether every character is a decimal digit; undefined where it is not known natively.
 * @inlined
 */
export function isAllDigits(text: string): boolean | undefined {
  return stringsAreBytes ? strspn!(text, DIGITS) === text.length : undefined;
}

/**
 * The number of a dotted IPv4 address, -1 for any other text, -2 where it is not known natively.
 * @inlined
 */
export function ipv4Number(text: string): number {
  if (!stringsAreBytes) {
    return -2;
  }
  // C would take a NUL for the end of the text, whatever stands behind it.
  const isWhole = strspn!(text, ADDRESS_CHARACTERS) === text.length;
  if (!isWhole || inetPton!(AF_INET, text, octets) !== 1) {
    return -1;
  }
  return octets[0]! * 16777216 + octets[1]! * 65536 + octets[2]! * 256 + octets[3]!;
}

/**
 * The six bytes from `at` on as a number.
 * @inlined
 */
function sixOctets(at: number): number {
  const high = octets[at]! * 65536 + octets[at + 1]! * 256 + octets[at + 2]!;
  return high * 16777216 + octets[at + 3]! * 65536 + octets[at + 4]! * 256 + octets[at + 5]!;
}

/**
 * Reads an IPv6 address into three numbers: its first 48 bits, the next 48, and the last 32.
 * @returns 1; 0 for any other text, whose numbers mean nothing; -2 where it is not known natively.
 * @inlined
 */
export function readIpv6Number(text: string, into: NumberBuffer): number {
  if (!stringsAreBytes) {
    return -2;
  }
  const isWhole = strspn!(text, IPV6_CHARACTERS) === text.length;
  if (!isWhole || inetPton!(AF_INET6, text, octets) !== 1) {
    return 0;
  }
  into[0] = sixOctets(0);
  into[1] = sixOctets(6);
  into[2] = octets[12]! * 16777216 + octets[13]! * 65536 + octets[14]! * 256 + octets[15]!;
  return 1;
}

function hasMurmur2(): boolean {
  return (
    libc !== undefined &&
    pcall(() => {
      libc.dygateway_murmur2("", 0);
    })
  );
}

const murmur2 = hasMurmur2() ? libc?.dygateway_murmur2 : undefined;
const isMurmur2Known = murmur2 !== undefined;

/**
 * MurmurHash2 of a text of bytes; -1 where it is not there natively.
 * @inlined
 */
export function nativeMurmur2(text: string): number {
  const hash = isMurmur2Known ? murmur2(text, text.length) : -1;
  return hash;
}

function hasCrc32(): boolean {
  return (
    libc !== undefined &&
    pcall(() => {
      libc.dygateway_crc32(0, "", 0);
    })
  );
}

const crc32 = hasCrc32() ? libc?.dygateway_crc32 : undefined;
const isCrc32Known = crc32 !== undefined;

/**
 * CRC-32 of a text of bytes; -1 where it is not there natively.
 * @inlined
 */
export function nativeCrc32(text: string): number {
  const sum = isCrc32Known ? crc32(0, text, text.length) : -1;
  return sum;
}

/** Characters somewhere in memory, which end with one that is no digit. */
export interface MemoryText {
  readonly [index: number]: number;
}

/**
 * How many characters stand from `offset` on before the first `character`, or a NUL; undefined where that is not known natively.
 * @inlined
 */
export function lengthBefore(memory: MemoryText, offset: number, character: string): number | undefined {
  const length = stringsAreBytes ? strcspn!(behind(memory, offset), character) : undefined;
  return length;
}

/**
 * How many decimal digits stand from `offset` on; undefined where that is not known natively.
 * @inlined
 */
export function digitsFrom(memory: MemoryText, offset: number): number | undefined {
  const count = stringsAreBytes ? strspn!(behind(memory, offset), DIGITS) : undefined;
  return count;
}

/**
 * The number that up to 15 decimal digits from `offset` on stand for; undefined where that is not known natively.
 * @inlined
 */
export function integerFrom(memory: MemoryText, offset: number): number | undefined {
  const number = stringsAreBytes ? tonumber(atoll!(behind(memory, offset))) : undefined;
  return number;
}

/**
 * The number that a decimal number, such as `12.5`, stands for from `offset` on; undefined where that is not known natively.
 * @inlined
 */
export function decimalFrom(memory: MemoryText, offset: number): number | undefined {
  const number = stringsAreBytes ? strtod!(behind(memory, offset), undefined) : undefined;
  return number;
}

/** The number of a text of decimal digits. */
export const numberOfDigits: (this: void, digits: string) => number = stringsAreBytes ? tonumber : Number;

declare const string: { readonly byte: (this: void, text: string, position: number) => number };

/** The code of a text's character at a position from 1; not a number behind its end. */
export const codeAt: (this: void, text: string, position: number) => number = stringsAreBytes
  ? string.byte
  : (text, position) => text.charCodeAt(position - 1);
