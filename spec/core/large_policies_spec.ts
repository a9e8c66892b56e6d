import { byteText } from "../../src/dygateway/core/byte_text.ts";
import { numberSet } from "../../src/dygateway/core/diversion/number_set.ts";
import { sortedOrder } from "../../src/dygateway/core/diversion/sorted_order.ts";
import { parseLongJson } from "../../src/dygateway/core/json/parse.ts";
import { checkPolicy } from "../../src/dygateway/core/policy/policy.ts";
import type { CheckedPolicy } from "../../src/dygateway/core/policy/policy.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import type { Pause, Result } from "../../src/dygateway/core/result.ts";
import { random } from "../cases/random.ts";
import { equal, fail, isTrue } from "../support/assert.ts";
import { textsOfRules } from "../cases/stored_texts.ts";
import { checkText, noForeign } from "./support/policies.ts";
import { errorOf, refused, valueOf } from "./support/results.ts";

/** Checks a policy as the gateway does: long arrays are never held whole. */
function checkLong(text: string, pause: Pause = noPause): Result<CheckedPolicy> {
  const parsed = parseLongJson(byteText(text), pause);
  return parsed.ok ? checkPolicy(parsed.value, noForeign, pause) : fail(parsed.reason);
}

function listOf(count: number, item: (i: number) => string): string {
  const items: string[] = [];
  for (let i = 0; i < count; i++) {
    items.push(item(i));
  }
  return items.join(",");
}

function appointed(...uidsets: string[]): string {
  const rules = uidsets.map((uids, i) => `{"uidset":[${uids}],"upstream":"beta${i}"}`);
  return `{"divtype":"uidappoint","divdata":[${rules.join(",")}]}`;
}

/** Rules in an order that is none. */
function ranges(divtype: string, count: number, show: (start: number, end: number) => string): string {
  return `{"divtype":"${divtype}","divdata":[${listOf(count, (i) => {
    const start = ((i * 7919) % count) * 10;
    return `{"range":${show(start, start + 8)},"upstream":"u${i % 3}"}`;
  })}]}`;
}

const numbered = (start: number, end: number): string => `{"start":${start},"end":${end}}`;
const ipv6 = (start: number, end: number): string => `"2001:db8::${start.toString(16)}-2001:db8::${end.toString(16)}"`;

const large: readonly (readonly [name: string, text: string])[] = [
  ["uids that are numbers", appointed(listOf(3000, (i) => `${i * 1000003}`), "1,2,4")],
  ["uids that are texts", appointed(listOf(3000, (i) => `"u-${i}é"`), '"u-3000\\u0041"')],
  ["uids of many digits", appointed(listOf(3000, (i) => `${i + 1}000000000000000`), listOf(2000, (i) => `"0${i}"`))],
  ["many rules of many uids", appointed(...listOf(1200, (i) => `${i},"a${i}"`).split(',"a').join('|"a').split(",").map((uids) => uids.split("|").join(",")))],
  ["ranges of uids", ranges("uidrange", 3001, numbered)],
  ["ranges of IPv4 addresses", ranges("iprange", 3001, numbered)],
  ["ranges of IPv6 addresses", ranges("iprange", 3001, ipv6)],
  ["named values", `{"divtype":"header","divdata":[${listOf(3000, (i) => `{"name":"X-A","value":"v${i}","upstream":"u${i % 5}"}`)}]}`],
  ["paths", `{"divtype":"url","divdata":[${listOf(3000, (i) => `{"url":"/${i}","upstream":"u${i % 5}"}`)}]}`],
];

describe("a policy of long lists", () => {
  for (const [name, text] of large) {
    it(`is stored as one that is held whole: ${name}`, () => {
      const [whole, long] = [valueOf(checkText(text)), valueOf(checkLong(text))];
      equal(long.upstreams, whole.upstreams);
      const texts = [whole, long].map(({ rules }) => (rules.kind === "builtin" ? textsOfRules(rules.rules) : undefined));
      equal(texts[1], texts[0]);
    });
  }

  for (const [name, text, words] of [
    ["a number", appointed(`${listOf(3000, (i) => `${i}`)},1234`), "rule 1: uid '1234' is appointed twice"],
    ["a number and its text", appointed(listOf(3000, (i) => `${i}`), `${listOf(2000, (i) => `"a${i}"`)},"1234"`), "rule 2: uid '1234' is appointed twice"],
    ["a text", appointed(listOf(3000, (i) => `"a${i}"`), `1,"a2999"`), "rule 2: uid 'a2999' is appointed twice"],
    ["a text and its escapes", appointed(`${listOf(3000, (i) => `"a${i}"`)},"\\u00617"`), "rule 1: uid 'a7' is appointed twice"],
    ["sixteen digits", appointed(`${listOf(3000, (i) => `${i + 1}000000000000000`)},"2000000000000000"`), "rule 1: uid '2000000000000000' is appointed twice"],
    ["a path", `{"divtype":"url","divdata":[${listOf(2000, (i) => `{"url":"/${i === 1999 ? 7 : i}","upstream":"a"}`)}]}`, "rule 2000: url '/7' stands in an earlier rule too"],
    ["a named value", `{"divtype":"header","divdata":[${listOf(2000, (i) => `{"name":"${i === 1999 ? "x-a" : "X-A"}","value":"${i === 1999 ? 7 : i}","upstream":"a"}`)}]}`, "rule 2000: x-a = '7' stands in an earlier rule too"],
    ["a number with an exponent", appointed("2000000000000000,2e15"), "rule 1: uid '2000000000000000' is appointed twice"],
  ] as const) {
    it(`is refused where something stands twice: ${name}`, () => {
      for (const check of [checkText, checkLong]) {
        refused(check(text), 50201, words);
      }
    });
  }

  it("is refused with the place of what is wrong in it", () => {
    const uids = listOf(2000, (i) => `${i}`);
    for (const wrong of ["-1", "1.5", "null", "[]", "{}", "true", '""', "1e16", `[${uids}]`]) {
      const error = errorOf(checkLong(appointed("5000", `${uids},${wrong}`)));
      equal(error.desc, "policy invalid for rule 2: uid 2001 of uidset invalid: a whole number from 0 or a text is expected", wrong);
    }
    const overlapping = ranges("uidrange", 2000, numbered).split("]}").join(',{"range":{"start":2018,"end":2019},"upstream":"a"}]}');
    equal(errorOf(checkLong(overlapping)), errorOf(checkText(overlapping)));
    refused(checkLong(overlapping), 50201, "rule 2001: range overlapped: it shares values with rule ");
  });

  it("pauses while it is checked", () => {
    for (const [name, text] of large) {
      let pauses = 0;
      valueOf(checkLong(text, () => {
        pauses++;
      }));
      isTrue(pauses >= 10, `${name}: ${pauses} pauses`);
    }
  });
});

describe("a set of numbers", () => {
  it("says which it has, however many, and pauses while it grows", () => {
    let pauses = 0;
    const set = numberSet(() => {
        pauses++;
      });
    const dice = random(5);
    const known = new Set<number>();
    for (let i = 0; i < 20000; i++) {
      const number = i % 2 === 0 ? dice.below(20000) : dice.below(1000000) * 9007199254;
      equal(set.add(number), !known.has(number), `${number}`);
      known.add(number);
    }
    equal([set.add(0), set.add(0), set.add(9007199254740990), set.add(9007199254740990)], [!known.has(0), false, true, false]);
    set.free();
    isTrue(pauses > 0, "it never paused");
  });
});

describe("a sorted order", () => {
  for (const count of [0, 1, 2, 3, 1000, 1023, 4097]) {
    it(`of ${count} keeps equal items as they were`, () => {
      const dice = random(count);
      const keys: number[] = [];
      for (let i = 0; i < count; i++) {
        keys.push(dice.below(count / 4 + 2));
      }
      let pauses = 0;
      const keyOf = (item: number | undefined): number => keys[item ?? -1] ?? fail("no such item");
      const order = sortedOrder(count, (a, b) => keyOf(a) > keyOf(b), () => {
        pauses++;
      });
      for (let i = 1; i < count; i++) {
        const [before, item] = [order[i - 1] ?? -1, order[i] ?? -1];
        const inOrder = keyOf(before) < keyOf(item) || (keyOf(before) === keyOf(item) && before < item);
        isTrue(inOrder, `item ${item} behind ${before} at ${i}`);
      }
      isTrue(pauses >= count / 1024, `${pauses} pauses`);
    });
  }
});
