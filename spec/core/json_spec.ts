import { stringsAreBytes } from "../../src/dygateway/core/buffer.ts";
import { byteText } from "../../src/dygateway/core/byte_text.ts";
import { parseJson, parseLongJson } from "../../src/dygateway/core/json/parse.ts";
import { printJson } from "../../src/dygateway/core/json/print.ts";
import { arrayLength, field, isAnyArray, isArray, isInteger, isObject, jsonNull, object } from "../../src/dygateway/core/json/value.ts";
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
    const parsed = parseJson(`[${"1,".repeat(59999)}1]`, () => {
      pauses++;
    });
    isTrue(pauses >= 24 && pauses <= 32, `reading 60,000 values paused ${pauses} times`);
    pauses = 0;
    printJson(parsed.ok ? parsed.value : jsonNull, () => {
      pauses++;
    });
    isTrue(pauses >= 200, `printing 60,000 values paused ${pauses} times`);
  });

  it("pause inside one long value", () => {
    for (const text of [`"${"a".repeat(60000)}"`, "1".repeat(60000), `${" ".repeat(60000)}1`]) {
      let pauses = 0;
      parseJson(text, () => {
        pauses++;
      });
      isTrue(pauses >= 6, `${text.slice(0, 3)}… paused ${pauses} times`);
    }
  });
});

describe("JSON texts with long arrays", () => {
  const many = "7,".repeat(1500);

  it("are read as the same values, of which long arrays stay text", () => {
    for (const { text } of acceptedJson) {
      const long = `{"a":[${many}${text},[${text},${many} 8] , ${text} ],"b":${text}}`;
      const whole = json(long) as JsonObject;
      const parsed = parseLongJson(byteText(long), noPause);
      const value = parsed.ok ? parsed.value : fail(parsed.reason);
      const list = isObject(value) ? field(value, "a") : undefined;
      equal([isArray(list), isAnyArray(list), isAnyArray(list) ? arrayLength(list) : -1], [false, true, 1503], text);
      equal(printJson(value, noPause), printJson(whole, noPause), text);
      equal(printJson(value, noPause), printJson(whole, noPause), `${text}, read once more`);
    }
  });

  it("are taken in whole up to a thousand values", () => {
    const lengths = [999, 1000, 1001].map((length) => {
      const parsed = parseLongJson(byteText(`[${"1,".repeat(length - 1)}1]`), noPause);
      return parsed.ok && isArray(parsed.value);
    });
    equal(lengths, [true, true, false]);
  });

  it("are refused for the same reason at the same byte", () => {
    for (const [text] of refusedJson) {
      for (const long of [`[${many}${text}`, `[${many}${text}]`, `{"a":[${many}1],"b":${text}}`, `[${many}{"a":[${text}]}]`]) {
        const [whole, parsed] = [parseJson(long, noPause), parseLongJson(byteText(long), noPause)];
        equal(parsed.ok ? "accepted" : parsed.reason, whole.ok ? "accepted" : whole.reason, long.slice(3000));
      }
    }
  });

  it("may hold objects of many keys, none of them twice", () => {
    const keys = (last: string): string => {
      const parts: string[] = [];
      for (let i = 0; i < 20; i++) {
        parts.push(`"k${i}":${i}`);
      }
      return `{${parts.join(",")},"${last}":1}`;
    };
    equal(parseJson(keys("k20"), noPause).ok, true);
    for (const last of ["k0", "k7", "k8", "k19"]) {
      contains(reasonAgainst(keys(last)), `the key '${last}' stands twice`);
    }
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
