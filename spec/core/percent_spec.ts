import { murmur2, plainMurmur2 } from "../../src/dygateway/core/diversion/hash.ts";
import { stringsAreBytes } from "../../src/dygateway/core/buffer.ts";
import type { Matcher } from "../../src/dygateway/core/diversion/diversion_type.ts";
import { utf8Bytes } from "../../src/dygateway/core/json/utf8.ts";
import { random } from "../cases/random.ts";
import { equal, isTrue } from "../support/assert.ts";
import { matcherOf } from "./support/policies.ts";
import { emptyRequest } from "./support/requests.ts";

/** Computed by nginx 1.22's own ngx_murmur_hash2, and by another implementation of MurmurHash2 with seed 0. */
const hashes: readonly (readonly [text: string, hash: number])[] = [
  ["", 0],
  ["a", 0x92685f5e],
  ["ab", 0x1aa14063],
  ["abc", 0x13577c9b],
  ["abcd", 0x26873021],
  ["abcde", 0x5f09a8de],
  ["test", 0x1812752e],
  ["Hello, world!", 0x403c1e05],
  ["The quick brown fox jumps over the lazy dog", 0x212729d0],
  ["dygateway:30", 0x6148a5c0],
  ["é中😀", 0xa24eae91],
  ["0123456789abcdef", 0xcf9af71a],
];

describe("MurmurHash2", () => {
  for (const [text, hash] of hashes) {
    it(`of '${text}' is nginx's`, () => {
      equal(murmur2(text), hash);
      equal(plainMurmur2(utf8Bytes(text)), hash);
    });
  }

  it("hashes any byte", () => {
    let bytes = "";
    for (let unit = 255; unit >= 0; unit--) {
      bytes += String.fromCharCode(unit);
    }
    equal(plainMurmur2(bytes), 0x94ac8998);
    if (stringsAreBytes) {
      equal(murmur2(bytes), 0x94ac8998);
    }
  });
});

const USERS = 100000;

/** How many of the users 0…99,999 each upstream gets; `-` are those that no rule has. */
function shares(matcher: Matcher): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let user = 0; user < USERS; user++) {
    const upstream = matcher.match(`${user}`, emptyRequest) ?? "-";
    counts[upstream] = (counts[upstream] ?? 0) + 1;
  }
  return counts;
}

/** Fails where a share is further off than five standard deviations: by chance once in two million tries. */
function isShare(count: number | undefined, percent: number): void {
  const expected = (USERS * percent) / 100;
  const deviation = Math.sqrt(expected * (1 - percent / 100));
  const off = Math.abs((count ?? 0) - expected);
  isTrue(off <= 5 * deviation, `${count ?? 0} users where ${expected} ± ${5 * deviation} were expected`);
}

describe("percent", () => {
  it("gives each upstream its share of the users", () => {
    const counts = shares(matcherOf("percent", '[{"percent":5,"upstream":"a"},{"percent":0.5,"upstream":"b"},{"percent":33.33,"upstream":"c"}]'));
    isShare(counts["a"], 5);
    isShare(counts["b"], 0.5);
    isShare(counts["c"], 33.33);
    isShare(counts["-"], 61.17);
  });

  it("gives 0.01 % to the one in ten thousand, not to none", () => {
    const count = shares(matcherOf("percent", '[{"percent":0.01,"upstream":"a"}]'))["a"] ?? 0;
    isTrue(count >= 1 && count <= 26, `${count} of ${USERS} users`);
  });

  it("gives everybody to rules that add up to 100 %", () => {
    const one = matcherOf("percent", '[{"percent":100,"upstream":"a"}]');
    equal(shares(one), { a: USERS });
    const rules: string[] = [];
    for (let i = 0; i < 100; i++) {
      rules.push(`{"percent":${i === 0 ? "1.99" : i === 1 ? "0.01" : "1"},"upstream":"u${i}"}`);
    }
    equal(shares(matcherOf("percent", `[${rules.join(",")}]`))["-"], undefined);
  });

  it("keeps the first 5 % when the share grows to 10 %, and all of them at every step of 0.01", () => {
    let before: Record<string, boolean> = {};
    for (const percent of ["0.01", "0.02", "0.03", "4.99", "5", "5.01", "10", "100"]) {
      const matcher = matcherOf("percent", `[{"percent":${percent},"upstream":"a"}]`);
      const now: Record<string, boolean> = {};
      let count = 0;
      for (let user = 0; user < 20000; user++) {
        if (matcher.match(`${user}`, emptyRequest) === "a") {
          now[`${user}`] = true;
          count++;
        } else if (before[`${user}`] === true) {
          throw new Error(`user ${user} was lost when the share grew to ${percent} %`);
        }
      }
      isTrue(count >= 20000 * (Number(percent) / 100) * 0.8 - 5, `only ${count} of 20,000 users at ${percent} %`);
      before = now;
    }
    equal(Object.keys(before).length, 20000);
  });

  it("puts each user where nginx's split_clients does", () => {
    const matcher = matcherOf("percent", '[{"percent":12.34,"upstream":"a"},{"percent":56.78,"upstream":"b"}]', { salt: "s1" });
    const first = Math.floor((1234 * 0xffffffff) / 10000);
    const second = first + Math.floor((5678 * 0xffffffff) / 10000);
    const dice = random(9);
    for (let i = 0; i < 5000; i++) {
      const user = dice.text("0123456789abcdef-", 1 + dice.below(40));
      const hash = plainMurmur2(`s1${user}`);
      equal(matcher.match(user, emptyRequest), hash < first ? "a" : hash < second ? "b" : undefined, user);
    }
  });

  it("draws other users with another salt, and the same ones with the same", () => {
    const rules = '[{"percent":10,"upstream":"a"}]';
    const matchers = ["s1", "s2", "s1"].map((salt) => matcherOf("percent", rules, { salt }));
    let both = 0;
    let one = 0;
    for (let user = 0; user < 20000; user++) {
      const [a, b, again] = matchers.map((matcher) => matcher.match(`${user}`, emptyRequest) === "a");
      equal(again, a);
      one += a === true ? 1 : 0;
      both += a === true && b === true ? 1 : 0;
    }
    isTrue(one > 1800 && one < 2200, `${one} users at 10 % of 20,000`);
    isTrue(both > 130 && both < 270, `${both} users drawn by both salts, 200 are to be expected`);
  });

  it("has a place for any text but none", () => {
    const matcher = matcherOf("percent", '[{"percent":100,"upstream":"a"}]');
    for (const userinfo of ["0", "bob", " ", "中", "a".repeat(5000)]) {
      equal(matcher.match(userinfo, emptyRequest), "a");
      equal(matcher.explain(userinfo, emptyRequest).upstream, "a");
    }
    equal(matcher.match("", emptyRequest), undefined);
    equal(matcher.explain("", emptyRequest).upstream, undefined);
  });
});
