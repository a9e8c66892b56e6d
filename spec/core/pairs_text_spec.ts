import { byteText } from "../../src/dygateway/core/byte_text.ts";
import { decimalIn, plainNumber, plainNumberIn } from "../../src/dygateway/core/decimal.ts";
import { eachSpan } from "../../src/dygateway/core/json/pairs_text.ts";
import { equal } from "../support/assert.ts";

/** What is taken of a text, and what `eachSpan` returns. */
function spans(text: string): [string[], number | undefined] {
  const taken: string[] = [];
  const read = eachSpan(byteText(text), (whole, key, keyEnd, value, valueEnd) => {
    taken.push(whole.slice(key, keyEnd), whole.slice(value, valueEnd));
  });
  return [taken, read];
}

describe("pairs as they lie in a text", () => {
  it("are taken whole", () => {
    equal(spans('["a","b"]'), [["a", "b"], undefined]);
    equal(spans('["","","北京","ü","1:x","2.3"]'), [["", "", "北京", "ü", "1:x", "2.3"], undefined]);
  });

  const stopping: readonly (readonly [string, number])[] = [
    ["", 0],
    ["{}", 0],
    ["[]", 0],
    ["[", 0],
    ['["a"]', 0],
    ['["a","b"', 1],
    ['["a","b",', 1],
    ['["a","b"]]', 1],
    ['["a","b"] ', 1],
    ['["a","b","c"]', 1],
    ['["a","b","c","d', 1],
    ['["a","b","c\\n","d"]', 0],
    ['["a","b","c","\\u0041"]', 0],
    ['["a", "b"]', 0],
    ['["a",1]', 0],
    ['["a","b",null,"d"]', 1],
  ];
  for (const [text, pairs] of stopping) {
    it(`are taken up to what is not read: ${text}`, () => {
      equal(spans(text), [["a", "b"].slice(0, pairs * 2), pairs]);
    });
  }
});

describe("numbers in a text", () => {
  for (const text of ["", "0", "00", "7", "007", "123456789012345", "1234567890123456", "999999999999999", "12a", "a12", "-1", "1.0", " 1", "1 ", "٣"]) {
    it(`that are plain: '${text}'`, () => {
      equal(plainNumberIn(byteText(`9${text}:9`), 1, byteText(`9${text}`).length), plainNumber(text));
    });
  }

  // Where it is not known natively it is -1, and whoever asks makes a text of it.
  const isNative = decimalIn(byteText("1"), 0, 1) === 1;
  const decimals: readonly (readonly [string, number])[] = [
    ["0.7", 0.7], ["2222.3000000000002", 2222.3], ["4503599627370494.7", 4503599627370494.7], ["12", 12], ["5.", 5],
    ["", -1], [".5", -1], ["1.2.3", -1], ["-0.3", -1], ["1e3", -1], ["0x10", -1], ["inf", -1], ["nan", -1], [" 1", -1], ["1 ", -1],
  ];
  for (const [text, value] of decimals) {
    it(`that are decimal: '${text}'`, () => {
      equal(decimalIn(byteText(`9${text}"9`), 1, 1 + text.length), isNative ? value : -1);
    });
  }
});
