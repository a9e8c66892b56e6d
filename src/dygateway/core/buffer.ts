/**
 * Flat numeric memory, 0-based and filled with zeros: typed arrays in Node, FFI arrays under LuaJIT. Eight bytes a
 * number instead of a table slot and a string each is what lets a worker hold a million uids.
 */
export interface NumberBuffer {
  [index: number]: number;
}

interface Ffi {
  new: (this: void, type: string, length: number) => NumberBuffer;
}

declare function require(this: void, name: string): Ffi;

/** JavaScript counts UTF-16 units, Lua counts bytes; the same source finds out here which of the two it runs in. */
export const stringsAreBytes: boolean = "é".length === 2;

const ffi: Ffi | undefined = stringsAreBytes ? require("ffi") : undefined;

const typedArray: Record<string, new (length: number) => NumberBuffer> = stringsAreBytes
  ? {}
  : { "double[?]": Float64Array, "uint16_t[?]": Uint16Array };

function allocate(type: string, length: number): NumberBuffer {
  if (ffi !== undefined) {
    return ffi.new(type, length);
  }
  const constructor = typedArray[type];
  if (constructor === undefined) {
    throw new Error(`no buffer of type ${type}`);
  }
  return new constructor(length);
}

/** Room for `length` doubles. */
export function doubles(length: number): NumberBuffer {
  return allocate("double[?]", length);
}

/** Room for `length` integers from 0 to 65535. */
export function shorts(length: number): NumberBuffer {
  return allocate("uint16_t[?]", length);
}
