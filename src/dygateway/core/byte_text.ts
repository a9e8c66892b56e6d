import { behind, bytes, stringsAreBytes } from "./buffer.ts";
import type { NumberBuffer } from "./buffer.ts";

/**
 * A text as its UTF-8 bytes. A program that reads a text of many megabytes byte by byte is compiled to a load from memory
 * each; and such a text need not stand in Lua's heap, whose collector would count it in and let as much garbage lie.
 */
export interface ByteText {
  /** 0-based; what stands behind the end is no part of the text, but may be read: 0, or undefined in Node. */
  readonly bytes: NumberBuffer;
  readonly length: number;
  /** The text of the bytes from `from` up to, and without, `to`. */
  readonly slice: (this: void, from: number, to: number) => string;
  /** Whose bytes these are, where they are a Lua string's: it has to live as long as they are looked at. */
  readonly owner?: string;
}

/** A text that is put together piece by piece. */
export interface WritableByteText extends ByteText {
  readonly write: (this: void, at: number, piece: string) => void;
}

interface Ffi {
  cast(this: void, type: string, text: string): NumberBuffer;
  copy(this: void, to: NumberBuffer, piece: string, length: number): void;
  string(this: void, from: NumberBuffer, length: number): string;
}

interface Encoder {
  encode(text: string): NumberBuffer & { readonly length: number; subarray(from: number, to: number): NumberBuffer };
}

interface Decoder {
  decode(bytes: NumberBuffer): string;
}

declare function require(this: void, name: string): Ffi;
declare const TextEncoder: new () => Encoder;
declare const TextDecoder: new (encoding: string, options: { readonly ignoreBOM: boolean }) => Decoder;

const ffi: Ffi | undefined = stringsAreBytes ? require("ffi") : undefined;

export function byteText(text: string): ByteText {
  if (ffi !== undefined) {
    const own = ffi.cast("const uint8_t *", text);
    return { bytes: own, length: text.length, slice: (from, to) => ffi.string(behind(own, from), to - from), owner: text };
  }
  const encoded = new TextEncoder().encode(text);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return { bytes: encoded, length: encoded.length, slice: (from, to) => decoder.decode(encoded.subarray(from, to)) };
}

/**
 * Room for a text of `length` bytes outside of Lua's heap; only where texts are bytes.
 */
export function writableByteText(length: number): WritableByteText {
  if (ffi === undefined) {
    throw new Error("in this runtime a text is no row of bytes");
  }
  const memory = bytes(length + 1);
  return {
    bytes: memory,
    length,
    slice: (from, to) => ffi.string(behind(memory, from), to - from),
    write: (at, piece) => ffi.copy(behind(memory, at), piece, piece.length),
  };
}
