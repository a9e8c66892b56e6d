import { stringsAreBytes, doubles, shorts } from "../../src/dygateway/core/buffer.ts";
import { integerText, isDecimal, MAX_EXACT_INTEGER, MAX_RANGE_BOUND, parseDecimal } from "../../src/dygateway/core/decimal.ts";
import { characterOf, hasControlCharacter, sequenceLength, utf8Bytes } from "../../src/dygateway/core/json/utf8.ts";
import { lookup, sortedKeys } from "../../src/dygateway/core/lookup.ts";
import { equal } from "../support/assert.ts";

/** Code points at the edges of every length, with their UTF-8 bytes. */
const encodings: readonly (readonly [codePoint: number, text: string, bytes: readonly number[]])[] = [
  [0x00, "\u0000", [0x00]],
  [0x7f, "\u007f", [0x7f]],
  [0x80, "\u0080", [0xc2, 0x80]],
  [0xe9, "é", [0xc3, 0xa9]],
  [0x7ff, "\u07ff", [0xdf, 0xbf]],
  [0x800, "\u0800", [0xe0, 0xa0, 0x80]],
  [0x4e2d, "中", [0xe4, 0xb8, 0xad]],
  [0xffff, "\uffff", [0xef, 0xbf, 0xbf]],
  [0x10000, "𐀀", [0xf0, 0x90, 0x80, 0x80]],
  [0x1f600, "😀", [0xf0, 0x9f, 0x98, 0x80]],
  [0x10ffff, "\u{10ffff}", [0xf4, 0x8f, 0xbf, 0xbf]],
];

function unitsOf(text: string): number[] {
  const units: number[] = [];
  for (let i = 0; i < text.length; i++) {
    units.push(text.charCodeAt(i));
  }
  return units;
}

describe("UTF-8", () => {
  for (const [codePoint, text, bytes] of encodings) {
    it(`holds U+${codePoint.toString(16)} in ${bytes.length} bytes`, () => {
      equal(characterOf(codePoint), text);
      equal(unitsOf(utf8Bytes(`${text}a${text}`)), [...bytes, 97, ...bytes]);
      equal(sequenceLength(text, 0), stringsAreBytes ? bytes.length : 1);
    });
  }

  it("has no control character but those below 0x20 and DEL", () => {
    for (const text of ["\u0000", "a\n", "\u001fb", "a\u007f"]) {
      equal(hasControlCharacter(text), true);
    }
    for (const text of ["", "a b~", "é中😀"]) {
      equal(hasControlCharacter(text), false);
    }
  });
});

const decimals: readonly (readonly [text: string, value: number])[] = [
  ["0", 0],
  ["007", 7],
  ["1234567890", 1234567890],
  ["9007199254740991", 9007199254740991],
  ["", -1],
  ["-1", -1],
  ["+1", -1],
  [" 1", -1],
  ["1 ", -1],
  ["1.0", -1],
  ["1e3", -1],
  ["0x1", -1],
  ["12a", -1],
  ["٣", -1],
];

/** Whole numbers and their digits, around 14 digits, where Lua's own conversion gives up, and 2^53. */
const integers: readonly (readonly [value: number, text: string])[] = [
  [0, "0"],
  [9, "9"],
  [4294967295, "4294967295"],
  [99999999999999, "99999999999999"],
  [100000000000000, "100000000000000"],
  [100000000000001, "100000000000001"],
  [100000010000000, "100000010000000"],
  [123456700000089, "123456700000089"],
  [999999999999999, "999999999999999"],
  [4503599627370495, "4503599627370495"],
  [9007199254740991, "9007199254740991"],
  [9007199254740992, "9007199254740992"],
];

describe("decimal digits", () => {
  for (const [text, value] of decimals) {
    it(`'${text}' ${value < 0 ? "are none" : `stand for ${value}`}`, () => {
      equal(parseDecimal(text), value);
      equal(isDecimal(text), value >= 0);
    });
  }

  for (const [value, text] of integers) {
    it(`${text} are written in full and read back`, () => {
      equal(integerText(value), text);
      equal(parseDecimal(text), value);
    });
  }

  it("end where doubles stop being exact", () => {
    equal(MAX_EXACT_INTEGER, 2 ** 53 - 1);
    equal(MAX_RANGE_BOUND, 2 ** 52 - 1);
    const start = Number(`${integerText(MAX_RANGE_BOUND - 1)}.7`);
    const end = Number(`${integerText(MAX_RANGE_BOUND)}.3`);
    equal([start > MAX_RANGE_BOUND - 1, start < MAX_RANGE_BOUND, end > MAX_RANGE_BOUND, end < MAX_RANGE_BOUND + 1], [true, true, true, true]);
  });
});

describe("a lookup", () => {
  it("has only the keys that were put", () => {
    const table = lookup<number>();
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty", "length", ""]) {
      equal(table[name], undefined, name);
    }
    table["__proto__"] = 1;
    table["constructor"] = 2;
    table[""] = 3;
    equal([table["__proto__"], table["constructor"], table[""]], [1, 2, 3]);
    equal(sortedKeys(table), ["", "__proto__", "constructor"]);
  });

  it("gives its keys in byte order", () => {
    const table = lookup<boolean>();
    for (const name of ["b", "a:", "a", "10", "9", "B", "é"]) {
      table[name] = true;
    }
    equal(sortedKeys(table), ["10", "9", "B", "a", "a:", "b", "é"]);
  });
});

describe("a buffer", () => {
  it("is filled with zeros and holds what its type can", () => {
    const numbers = doubles(4);
    equal([numbers[0], numbers[3]], [0, 0]);
    numbers[1] = 9007199254740991;
    numbers[2] = -0.3;
    equal([numbers[1], numbers[2]], [9007199254740991, -0.3]);
    const small = shorts(2);
    small[1] = 65535;
    equal([small[0], small[1]], [0, 65535]);
  });
});
