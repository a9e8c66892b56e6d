import type { Pause } from "./result.ts";

/**
 * Flat numeric memory, 0-based and filled with zeros: typed arrays in Node, FFI arrays under LuaJIT. Eight bytes a
 * number instead of a table slot and a string each is what lets a worker hold a million uids.
 */
export interface NumberBuffer {
  [index: number]: number;
}

/**
 * The memory `offset` bytes behind an FFI pointer to bytes; there is none in Node.
 * @inlined
 */
export function behind(memory: NumberBuffer, offset: number): NumberBuffer {
  const further = ((memory as unknown as number) + offset) as unknown as NumberBuffer;
  return further;
}

interface Memory {
  readonly memory: unique symbol;
}

type Free = (this: void, memory: Memory) => void;

interface Ffi {
  readonly C: {
    dygateway_calloc(this: void, count: number, size: number): Memory;
    dygateway_free: Free;
    dygateway_mmap(
      this: void, at: undefined, length: number, protection: number, flags: number, file: number, offset: number,
    ): Memory;
    dygateway_munmap(this: void, memory: Memory, length: number): number;
    dygateway_madvise(this: void, memory: Memory, length: number, advice: number): number;
  };
  cdef(this: void, declarations: string): void;
  cast(this: void, type: string, memory: Memory | number): NumberBuffer;
  gc(this: void, buffer: NumberBuffer, free: Free | undefined): NumberBuffer;
}

declare function require(this: void, name: string): Ffi;

/** JavaScript counts UTF-16 units, Lua counts bytes; the same source finds out here which of the two it runs in. */
export const stringsAreBytes: boolean = "é".length === 2;

const ffi: Ffi | undefined = stringsAreBytes ? require("ffi") : undefined;

ffi?.cdef(`
  void *dygateway_calloc(size_t count, size_t size) __asm__("calloc");
  void dygateway_free(void *memory) __asm__("free");
  void *dygateway_mmap(void *at, size_t length, int protection, int flags, int file, int64_t offset) __asm__("mmap64");
  int dygateway_munmap(void *memory, size_t length) __asm__("munmap");
  int dygateway_madvise(void *memory, size_t length, int advice) __asm__("madvise");
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

const integer: ElementType = {
  pointer: "uint32_t *",
  size: 4,
  typedArray: stringsAreBytes ? undefined : Uint32Array,
};

const byte: ElementType = {
  pointer: "uint8_t *",
  size: 1,
  typedArray: stringsAreBytes ? undefined : Uint8Array,
};

/** A NULL pointer is a value that equals nil, which is what `undefined` is here. */
function isNull(memory: Memory | undefined): boolean {
  return memory === undefined;
}

/** From here on memory is asked for in large pages. */
const LARGE_BYTES = 4194304;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 34;
const MADV_HUGEPAGE = 14;

interface Allocated {
  readonly memory: Memory;
  readonly free: Free;
}

/**
 * Zeroed memory outside of Lua's own heap, whose collector would wait until the heap has doubled, and let as much
 * garbage lie around as the tables are large. What is large comes in pages of 2 MB where the system has them: a look-up
 * anywhere in it then finds its address translated (madvise(2), MADV_HUGEPAGE).
 */
function allocate(bytes: number): Allocated {
  const { C } = ffi!;
  if (bytes >= LARGE_BYTES) {
    const mapped = C.dygateway_mmap(undefined, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
    // MAP_FAILED is the address -1.
    if (mapped !== (ffi!.cast("void *", -1) as unknown as Memory)) {
      C.dygateway_madvise(mapped, bytes, MADV_HUGEPAGE);
      return {
        memory: mapped,
        free: (memory) => {
          C.dygateway_munmap(memory, bytes);
        },
      };
    }
  }
  const memory = C.dygateway_calloc(bytes, 1);
  if (isNull(memory)) {
    throw new Error(`no memory for ${bytes} bytes`);
  }
  return { memory, free: C.dygateway_free };
}

/** A buffer that need not wait for the collector, which does not see how large it is. */
export interface Scratch {
  readonly buffer: NumberBuffer;
  /** Gives the memory back now; the buffer is not to be touched any more. */
  readonly free: (this: void) => void;
}

function scratch(type: ElementType, length: number): Scratch {
  if (ffi !== undefined) {
    const { memory, free } = allocate(length * type.size);
    const allocated = ffi.gc(ffi.cast(type.pointer, memory), free);
    return {
      buffer: allocated,
      free: () => {
        ffi.gc(allocated, undefined);
        free(memory);
      },
    };
  }
  if (type.typedArray === undefined) {
    throw new Error("there are no typed arrays in this runtime");
  }
  return { buffer: new type.typedArray(length), free: () => undefined };
}

function buffer(type: ElementType, length: number): NumberBuffer {
  return scratch(type, length).buffer;
}

/** The same memory twice: as doubles and as integers of two bytes. Whoever keeps one keeps both. */
export interface Records {
  readonly doubles: NumberBuffer;
  readonly shorts: NumberBuffer;
}

/** Room for `count` records of `size` bytes (a multiple of 8), all 0. */
export function records(count: number, size: number): Records {
  if (ffi !== undefined) {
    const { memory, free } = allocate(count * size);
    return { doubles: ffi.gc(ffi.cast("double *", memory), free), shorts: ffi.cast("uint16_t *", memory) };
  }
  const memory = new ArrayBuffer(count * size);
  return { doubles: new Float64Array(memory), shorts: new Uint16Array(memory) };
}

/** Doubles in the smallest page of memory. */
const DOUBLES_A_PAGE = 512;
const PAGES_A_SLICE = 64;

/**
 * Writes to each page of zeroed doubles. The system gives memory when it is first written to, and clears it then: 20 MB
 * in no time to speak of, but not in one go where requests wait.
 */
export function touch(zeros: NumberBuffer, length: number, pause: Pause): void {
  let pages = 0;
  for (let at = 0; at < length; at += DOUBLES_A_PAGE) {
    zeros[at] = 0;
    pages++;
    if (pages === PAGES_A_SLICE) {
      pages = 0;
      pause();
    }
  }
}

/** Room for `length` doubles, all 0. */
export function doubles(length: number): NumberBuffer {
  return buffer(double, length);
}

/** Room for `length` integers from 0 to 65535, all 0. */
export function shorts(length: number): NumberBuffer {
  return buffer(short, length);
}

/** Room for `length` bytes, all 0. */
export function bytes(length: number): NumberBuffer {
  return buffer(byte, length);
}

export function scratchDoubles(length: number): Scratch {
  return scratch(double, length);
}

export function scratchShorts(length: number): Scratch {
  return scratch(short, length);
}

/** Room for `length` integers from 0 to 2^32 - 1, all 0. */
export function integers(length: number): NumberBuffer {
  return buffer(integer, length);
}
