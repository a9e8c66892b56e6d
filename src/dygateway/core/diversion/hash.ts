import { utf8Bytes } from "../json/utf8.ts";
import { nativeMurmur2 } from "../native.ts";

const TWO_32 = 4294967296;
const MULTIPLIER = 0x5bd1e995;

/** The low 32 bits of a product; each half stays below 2^53, so it is exact in doubles. */
function multiply32(a: number, b: number): number {
  const low = (a % 65536) * b;
  const high = (Math.floor(a / 65536) * (b % 65536)) % 65536;
  return (low + high * 65536) % TWO_32;
}

/** An unsigned 32-bit number: LuaJIT's bit operations answer signed ones. */
function unsigned(value: number): number {
  return value < 0 ? value + TWO_32 : value;
}

function mix(value: number, shift: number): number {
  return unsigned(value ^ (value >>> shift));
}

function byteBlock(bytes: string, at: number): number {
  return (
    bytes.charCodeAt(at) +
    bytes.charCodeAt(at + 1) * 256 +
    bytes.charCodeAt(at + 2) * 65536 +
    bytes.charCodeAt(at + 3) * 16777216
  );
}

/**
 * MurmurHash2 with seed 0 of a text's UTF-8 bytes (Austin Appleby, public domain), which is nginx's `ngx_murmur_hash2`:
 * the hash of split_clients. The same number in Node, in LuaJIT and in nginx keeps a user on one side on every node.
 * @inlined
 */
export function murmur2(text: string): number {
  const bytes = utf8Bytes(text);
  const known = nativeMurmur2(bytes);
  const hash = known >= 0 ? known : plainMurmur2(bytes);
  return hash;
}

/** @param bytes one unit a byte. */
export function plainMurmur2(bytes: string): number {
  const length = bytes.length;
  const whole = length - (length % 4);
  let hash = length % TWO_32;
  for (let i = 0; i < whole; i += 4) {
    const block = multiply32(mix(multiply32(byteBlock(bytes, i), MULTIPLIER), 24), MULTIPLIER);
    hash = unsigned(multiply32(hash, MULTIPLIER) ^ block);
  }
  let tail = 0;
  for (let i = length - 1; i >= whole; i--) {
    tail = tail * 256 + bytes.charCodeAt(i);
  }
  if (length > whole) {
    hash = multiply32(unsigned(hash ^ tail), MULTIPLIER);
  }
  return mix(multiply32(mix(hash, 13), MULTIPLIER), 15);
}
