import { utf8Bytes } from "../json/utf8.ts";

const TWO_32 = 4294967296;

/** The low 32 bits of a product; each half stays below 2^53, so it is exact in doubles. */
function multiply32(a: number, b: number): number {
  const low = (a & 0xffff) * b;
  const high = ((a >>> 16) * (b & 0xffff)) % 65536;
  return (low + high * 65536) % TWO_32;
}

/** An unsigned 32-bit number: LuaJIT's bit operations answer signed ones. */
function unsigned(value: number): number {
  return value < 0 ? value + TWO_32 : value;
}

function rotateLeft(value: number, bits: number): number {
  return unsigned((value << bits) | (value >>> (32 - bits)));
}

function mixBlock(hash: number, block: number): number {
  const scrambled = multiply32(rotateLeft(multiply32(block, 0xcc9e2d51), 15), 0x1b873593);
  return unsigned(hash ^ scrambled);
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the result. */
export function finalize(value: number): number {
  let hash = unsigned(value ^ (value >>> 16));
  hash = multiply32(hash, 0x85ebca6b);
  hash = unsigned(hash ^ (hash >>> 13));
  hash = multiply32(hash, 0xc2b2ae35);
  return unsigned(hash ^ (hash >>> 16));
}

/**
 * MurmurHash3_x86_32 of a text's UTF-8 bytes (Austin Appleby, public domain; checked against its published vectors).
 * The same number in Node and LuaJIT, which is what keeps a user on one side on every node.
 */
export function murmur3(text: string, seed: number): number {
  const bytes = utf8Bytes(text);
  const length = bytes.length;
  const blocks = length - (length % 4);
  let hash = seed;
  for (let i = 0; i < blocks; i += 4) {
    const block =
      bytes.charCodeAt(i) +
      bytes.charCodeAt(i + 1) * 256 +
      bytes.charCodeAt(i + 2) * 65536 +
      bytes.charCodeAt(i + 3) * 16777216;
    hash = (multiply32(rotateLeft(mixBlock(hash, block), 13), 5) + 0xe6546b64) % TWO_32;
  }
  let tail = 0;
  for (let i = length - 1; i >= blocks; i--) {
    tail = tail * 256 + bytes.charCodeAt(i);
  }
  if (length > blocks) {
    hash = mixBlock(hash, tail);
  }
  return finalize(unsigned(hash ^ length));
}
