/**
 * Flat numeric memory, 0-based and filled with zeros: typed arrays in Node, FFI arrays under LuaJIT. Eight bytes a
 * number instead of a table slot and a string each is what lets a worker hold a million uids.
 */
export interface NumberBuffer {
  [index: number]: number;
}

interface Memory {
  readonly memory: unique symbol;
}

interface Ffi {
  readonly C: {
    dygateway_calloc(this: void, count: number, size: number): Memory;
    dygateway_free(this: void, memory: Memory): void;
  };
  cdef(this: void, declarations: string): void;
  cast(this: void, type: string, memory: Memory): NumberBuffer;
  gc(this: void, buffer: NumberBuffer, free: (this: void, memory: Memory) => void): NumberBuffer;
}

declare function require(this: void, name: string): Ffi;

/** JavaScript counts UTF-16 units, Lua counts bytes; the same source finds out here which of the two it runs in. */
export const stringsAreBytes: boolean = "é".length === 2;

const ffi: Ffi | undefined = stringsAreBytes ? require("ffi") : undefined;

ffi?.cdef(`
  void *dygateway_calloc(size_t count, size_t size) __asm__("calloc");
  void dygateway_free(void *memory) __asm__("free");
`);

interface ElementType {
  readonly pointer: string;
  readonly size: number;
  readonly typedArray: (new (length: number) => NumberBuffer) | undefined;
}

const double: ElementType = {
  pointer: "double *",
  size: 8,
  typedArray: stringsAreBytes ? undefined : Float64Array,
};

const short: ElementType = {
  pointer: "uint16_t *",
  size: 2,
  typedArray: stringsAreBytes ? undefined : Uint16Array,
};

/** A NULL pointer is a value that equals nil, which is what `undefined` is here. */
function isNull(memory: Memory | undefined): boolean {
  return memory === undefined;
}

/**
 * Under LuaJIT from the C library and not from Lua's own heap: its collector waits until the heap has doubled, and
 * would let as much garbage lie around as the tables are large.
 */
function allocate(type: ElementType, length: number): NumberBuffer {
  if (ffi !== undefined) {
    const memory = ffi.C.dygateway_calloc(length, type.size);
    if (isNull(memory)) {
      throw new Error(`no memory for ${length * type.size} bytes`);
    }
    return ffi.gc(ffi.cast(type.pointer, memory), ffi.C.dygateway_free);
  }
  if (type.typedArray === undefined) {
    throw new Error("there are no typed arrays in this runtime");
  }
  return new type.typedArray(length);
}

/** Room for `length` doubles, all 0. */
export function doubles(length: number): NumberBuffer {
  return allocate(double, length);
}

/** Room for `length` integers from 0 to 65535, all 0. */
export function shorts(length: number): NumberBuffer {
  return allocate(short, length);
}
