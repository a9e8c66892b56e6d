import { doubles, stringsAreBytes } from "../../buffer.ts";
import { utf8Bytes } from "../../json/utf8.ts";
import { nativeCrc32 } from "../../native.ts";

const TWO_32 = 4294967296;
const POLYNOMIAL = 0xedb88320;
const ALL_ONES = 0xffffffff;

/** An unsigned 32-bit number: LuaJIT's bit operations answer signed ones. */
function unsigned(value: number): number {
  return value < 0 ? value + TWO_32 : value;
}

const table = doubles(256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = value % 2 === 1 ? unsigned((value >>> 1) ^ POLYNOMIAL) : Math.floor(value / 2);
  }
  table[byte] = value;
}

/** The register after bytes, one unit each; it starts with all ones, and its complement is the checksum. */
export function crc32Register(bytes: string): number {
  let register = ALL_ONES;
  for (let i = 0; i < bytes.length; i++) {
    register = table[(register ^ bytes.charCodeAt(i)) & 255]! ^ (register >>> 8);
  }
  return unsigned(register);
}

/** The checksum of what led to a register, and the four bytes of a number after it, the lowest first. */
export function crc32AndNumber(start: number, value: number): number {
  let register = table[(start ^ value) & 255]! ^ (start >>> 8);
  register = table[(register ^ (value >>> 8)) & 255]! ^ (register >>> 8);
  register = table[(register ^ (value >>> 16)) & 255]! ^ (register >>> 8);
  register = table[(register ^ (value >>> 24)) & 255]! ^ (register >>> 8);
  return unsigned(register ^ ALL_ONES);
}

/**
 * CRC-32 (ISO 3309) of a text's UTF-8 bytes, which is `ngx_crc32_long` and zlib's.
 * @inlined
 */
export function crc32(text: string): number {
  const bytes = stringsAreBytes ? text : utf8Bytes(text);
  const known = nativeCrc32(bytes);
  return known >= 0 ? known : unsigned(crc32Register(bytes) ^ ALL_ONES);
}
