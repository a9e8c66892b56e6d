import { stringsAreBytes } from "../../src/dygateway/core/buffer.ts";
import { parseJson } from "../../src/dygateway/core/json/parse.ts";
import { printJson } from "../../src/dygateway/core/json/print.ts";
import { field, isArray, isInteger, isObject, jsonNull, object } from "../../src/dygateway/core/json/value.ts";
import type { JsonObject } from "../../src/dygateway/core/json/value.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { acceptedJson, invalidUtf8, printedJson, refusedJson, validUtf8 } from "../cases/json_cases.ts";
import { contains, equal, fail, isTrue, show } from "../support/assert.ts";
import { json } from "./support/json.ts";

function reasonAgainst(text: string): string {
  const parsed = parseJson(text, noPause);
  return parsed.ok ? fail(`accepted ${show(text)} as ${show(parsed.value)}`) : parsed.reason;
}

function bytes(units: readonly number[]): string {
  return units.map((unit) => String.fromCharCode(unit)).join("");
}

describe("JSON texts", () => {
  for (const { text, value } of acceptedJson) {
    it(`are read: ${show(text)}`, () => {
      equal(parseJson(text, noPause), { ok: true, value });
    });
  }

  for (const [text, words, byte] of refusedJson) {
    it(`are refused: ${show(text)} (${words})`, () => {
      const reason = reasonAgainst(text);
      contains(reason, words);
      contains(`${reason}.`, ` at byte ${byte}.`);
    });
  }

  it("are refused with any raw control character in a string", () => {
    for (let unit = 0; unit < 0x20; unit++) {
      contains(reasonAgainst(`"${String.fromCharCode(unit)}"`), "control character");
    }
  });

  it("may nest 32 levels and no more", () => {
    equal(parseJson("[".repeat(32) + "]".repeat(32), noPause).ok, true);
    contains(reasonAgainst("[".repeat(33) + "]".repeat(33)), "nested deeper than 32");
    contains(reasonAgainst('{"a":'.repeat(33) + "1" + "}".repeat(33)), "nested deeper than 32");
    contains(reasonAgainst("[".repeat(100000)), "nested deeper than 32");
  });

  it("may have any number of values side by side", () => {
    const parsed = json(`[${"1,".repeat(20000)}2]`);
    equal(isArray(parsed) ? parsed.length : -1, 20001);
  });

  it("have one zero, whatever its sign", () => {
    for (const text of ["-0", "-0.0", "-0e5"]) {
      equal(printJson(json(text), noPause), "0", text);
    }
  });

  it("pause now and then while they are read and printed", () => {
    let pauses = 0;
    const parsed = parseJson(`[${"1,".repeat(2999)}1]`, () => {
      pauses++;
    });
    isTrue(pauses >= 10 && pauses <= 12, `reading 3,000 values paused ${pauses} times`);
    pauses = 0;
    printJson(parsed.ok ? parsed.value : jsonNull, () => {
      pauses++;
    });
    isTrue(pauses >= 10, `printing 3,000 values paused ${pauses} times`);
  });
});

describe("JSON values", () => {
  for (const [value, text] of printedJson) {
    it(`print as ${show(text)}`, () => {
      equal(printJson(value, noPause), text);
      equal(json(text), value, "read back");
    });
  }

  it("are told apart by kind", () => {
    const integer = json("12345678901234567890");
    equal([isArray([]), isArray(json("{}")), isArray("a"), isArray(undefined), isArray(integer)], [true, false, false, false, false]);
    equal([isObject(json("{}")), isObject([]), isObject(jsonNull), isObject(integer)], [true, false, false, false]);
    equal([isInteger(integer), isInteger(5), isInteger(json("{}"))], [true, false, false]);
  });

  it("are found by key, also those that are false, 0 and empty", () => {
    const found = json('{"a":false,"b":0,"c":""}') as JsonObject;
    equal([field(found, "a"), field(found, "b"), field(found, "c")], [false, 0, ""]);
    equal(field(found, "d"), undefined);
    equal(field(json("{}") as JsonObject, "toString"), undefined);
  });

  it("make objects in the order given and without what is undefined", () => {
    const made = object([
      ["b", 1],
      ["gone", undefined],
      ["a", false],
    ]);
    equal(printJson(made, noPause), '{"b":1,"a":false}');
  });
});

if (stringsAreBytes) {
  describe("JSON texts in bytes", () => {
    for (const [name, units] of invalidUtf8) {
      it(`are refused with ${name}`, () => {
        contains(reasonAgainst(`"a${bytes(units)}"`), "invalid UTF-8");
        contains(reasonAgainst(`{"${bytes(units)}b":1}`), "invalid UTF-8");
      });
    }

    for (const units of validUtf8) {
      it(`are read with the sequence ${units.join(" ")}`, () => {
        equal(json(`"${bytes(units)}x"`), `${bytes(units)}x`);
      });
    }
  });
}
