import { plainNumber } from "../../src/dygateway/core/decimal.ts";
import { uidTable } from "../../src/dygateway/core/diversion/uid_table.ts";
import { sortedPosition } from "../../src/dygateway/core/diversion/sorted_position.ts";
import { doubles } from "../../src/dygateway/core/buffer.ts";
import { brokenCases, matchCases } from "../cases/matches.ts";
import { random } from "../cases/random.ts";
import { contains, equal, show, throws } from "../support/assert.ts";
import { compilePairs, compileStored, matcherOf } from "./support/policies.ts";
import { emptyRequest } from "./support/requests.ts";
import { refused, valueOf } from "./support/results.ts";

describe("a policy", () => {
  for (const { name, divtype, rules, answers } of matchCases) {
    it(`of ${divtype} tells ${name}`, () => {
      const matcher = matcherOf(divtype, rules);
      const ofSpans = matcherOf(divtype, rules, {}, "spans");
      for (const [userinfo, upstream] of answers) {
        const expected = upstream === "" ? undefined : upstream;
        equal(matcher.match(userinfo, emptyRequest), expected, `match ${show(userinfo)}`);
        equal(ofSpans.match(userinfo, emptyRequest), expected, `match ${show(userinfo)}, from spans`);
        const number = plainNumber(userinfo);
        if (matcher.matchNumber !== undefined && number >= 0) {
          equal(matcher.matchNumber(number), expected, `match the number ${show(userinfo)}`);
        }
        const explained = matcher.explain(userinfo, emptyRequest);
        equal(explained.upstream, expected, `explain ${show(userinfo)}`);
        equal(explained.why === "", false, `why ${show(userinfo)}`);
      }
    });
  }

  for (const { name, divtype, divdata, ipv6, words } of brokenCases) {
    it(`of ${divtype} is broken when there is ${name} in the store`, () => {
      refused(compilePairs(divtype, [...divdata], [...(ipv6 ?? [])]), 40102, words);
    });
  }

  it("is broken for good with its first fault", () => {
    refused(compilePairs("uidrange", ["0:a", "0.7", "2:a", "1.7", "1:a", "2.3", "3:a", "9.3"]), 40102, "member '2:a' with score 1.7: index 1 was expected here");
    refused(compilePairs("uidsuffix", ["x", "a", "1", "b"]), 40102, "suffix 'x'");
  });

  it("serves bounds that Redis has rounded, as the predecessor wrote them", () => {
    const divdata = ["0:beta1", "1110.7", "1:beta1", "2222.3000000000002", "2:a:b", "2222.6999999999998", "3:a:b", "3000.3000000000002"];
    for (const way of ["texts", "spans"] as const) {
      const matcher = valueOf(compileStored("uidrange", { divdata, ipv6: [] }, {}, way));
      const answers = ["1110", "1111", "2222", "2223", "3000", "3001"].map((uid) => matcher.match(uid, emptyRequest) ?? "-");
      equal(answers, ["-", "beta1", "beta1", "a:b", "a:b", "-"]);
    }
  });

  it("has the same bounds in the end, whether its scores are texts or lie in one", () => {
    const dice = random(20261125);
    for (let run = 0; run < 40; run++) {
      const divdata: string[] = [];
      const bounds: number[] = [];
      let next = dice.below(3);
      for (let rule = 0; rule < 20; rule++) {
        const start = next;
        const end = start + dice.below(dice.pick([1, 3, 1000, 2147483647]));
        bounds.push(start, end);
        const shape = dice.pick([(score: number) => `${score}`, (score: number) => `${score}00000000`, (score: number) => `${score}1e0`]);
        divdata.push(`${rule * 2}:u${rule % 3}`, shape(start - 0.3), `${rule * 2 + 1}:u${rule % 3}`, shape(end + 0.3));
        next = end + 1 + dice.below(dice.pick([1, 5, 2147483647]));
      }
      const texts = valueOf(compileStored("uidrange", { divdata, ipv6: [] }));
      const spans = valueOf(compileStored("uidrange", { divdata, ipv6: [] }, {}, "spans"));
      for (const bound of bounds) {
        for (const uid of [bound - 1, bound, bound + 1]) {
          equal(spans.explain(`${uid}`, emptyRequest), texts.explain(`${uid}`, emptyRequest));
        }
      }
    }
  });

  it("serves a hash in any order, and a field that came twice", () => {
    const suffixes = valueOf(compilePairs("uidsuffix", ["105", "c", "5", "a", "05", "b", "5", "a"]));
    equal([suffixes.match("15", emptyRequest), suffixes.match("305", emptyRequest), suffixes.match("7105", emptyRequest)], ["a", "b", "c"]);
    const uids = valueOf(compilePairs("uidappoint", ["1", "a", "2", "b", "1", "a"]));
    equal([uids.match("1", emptyRequest), uids.match("2", emptyRequest)], ["a", "b"]);
  });

  it("is broken, not wrong, when its ranges name more upstreams than can be numbered", () => {
    const pairs: string[] = [];
    for (let i = 0; i <= 65535; i++) {
      pairs.push(`${2 * i}:u${i}`, `${i}.7`, `${2 * i + 1}:u${i}`, `${i + 1}.3`);
    }
    refused(compilePairs("uidrange", pairs), 40102, "too many upstreams");
    const fitting = valueOf(compilePairs("uidrange", pairs.slice(0, pairs.length - 4)));
    equal([fitting.match("1", emptyRequest), fitting.match("65535", emptyRequest), fitting.match("65536", emptyRequest)], ["u0", "u65534", undefined]);
  });
});

const explanations: readonly (readonly [divtype: string, rules: string, userinfo: string, words: string])[] = [
  ["uidrange", '[{"range":{"start":0,"end":9},"upstream":"a"}]', "5", "range 0-9"],
  ["uidrange", '[{"range":{"start":100000000000000,"end":100000000000009},"upstream":"a"}]', "100000000000001", "range 100000000000000-100000000000009"],
  ["uidrange", '[{"range":{"start":0,"end":9},"upstream":"a"}]', "10", "no range holds 10"],
  ["uidrange", '[{"range":{"start":0,"end":9},"upstream":"a"}]', "bob", "'bob' is not a decimal uid"],
  ["iprange", '[{"range":"0.0.0.0/8","upstream":"a"}]', "0.1.2.3", "range 0.0.0.0-0.255.255.255"],
  ["iprange", '[{"range":"10.0.0.1-10.0.2.3","upstream":"a"}]', "::ffff:10.0.1.1", "range 10.0.0.1-10.0.2.3"],
  ["iprange", '[{"range":"10.0.0.1","upstream":"a"}]', "10.0.0.2", "no range holds 10.0.0.2"],
  ["iprange", '[{"range":"::/8","upstream":"a"}]', "::2", "range 0000:0000:0000:0000:0000:0000:0000:0000-00ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["iprange", '[{"range":"::/8","upstream":"a"}]', "x", "'x' is not an IP address"],
  ["uidsuffix", '[{"suffix":"05","upstream":"a"},{"suffix":"5","upstream":"a"}]', "105", "suffix '05'"],
  ["uidsuffix", '[{"suffix":"05","upstream":"a"}]', "106", "no rule for a suffix of '106'"],
  ["uidsuffix", '[{"suffix":"05","upstream":"a"}]', "x05", "'x05' is not a decimal uid"],
  ["uidappoint", '[{"uidset":[1],"upstream":"a"}]', "1", "uid '1' is appointed"],
  ["uidappoint", '[{"uidset":[1],"upstream":"a"}]', "2", "uid '2' is not appointed"],
  ["arg_city", '[{"city":"BJ","upstream":"a"}]', "BJ", "city 'BJ'"],
  ["url", '[{"url":"/a","upstream":"a"}]', "/b", "no rule for url '/b'"],
  ["percent", '[{"percent":100,"upstream":"a"}]', "30", "'30' lies at 38 %"],
  ["percent", '[{"percent":1,"upstream":"a"}]', "30", "beyond the rules' shares"],
];

describe("an explanation", () => {
  for (const [divtype, rules, userinfo, words] of explanations) {
    it(`of ${divtype} for '${userinfo}' says: ${words}`, () => {
      contains(matcherOf(divtype, rules).explain(userinfo, emptyRequest).why, words);
    });
  }
});

describe("a table of uids", () => {
  it("answers 20,000 random uids as a plain table does", () => {
    const dice = random(20);
    const table = uidTable(20000);
    const plain: Record<string, number> = {};
    for (let i = 0; i < 20000; i++) {
      const uid = dice.text("0123456789", 1 + dice.below(18));
      const value = 1 + dice.below(65535);
      table.put(uid, value);
      plain[uid] = value;
    }
    for (const uid of Object.keys(plain)) {
      equal(table.get(uid), plain[uid], uid);
    }
    for (let i = 0; i < 20000; i++) {
      const uid = dice.text("0123456789", 1 + dice.below(12));
      equal(table.get(uid), plain[uid] ?? 0, uid);
      const number = plainNumber(uid);
      equal(number < 0 ? table.get(uid) : table.getNumber(number), plain[uid] ?? 0, `the number ${uid}`);
    }
  });

  it("answers uids in a row as well", () => {
    const table = uidTable(3000);
    for (let uid = 1; uid <= 3000; uid++) {
      table.put(`${uid}`, uid);
    }
    for (let uid = 0; uid <= 6000; uid++) {
      equal(table.get(`${uid}`), uid <= 3000 ? uid : 0, `${uid}`);
    }
  });

  it("knows 0 from nothing, and texts from the numbers they look like", () => {
    const table = uidTable(8);
    equal([table.get("0"), table.get(""), table.get("constructor")], [0, 0, 0]);
    table.put("0", 1);
    table.put("00", 2);
    table.put("7", 3);
    table.put("007", 4);
    table.put("9999999999999999999999", 5);
    equal(["0", "00", "7", "007", "07", "9999999999999999999999", "000"].map((uid) => table.get(uid)), [1, 2, 3, 4, 0, 5, 0]);
    table.put("7", 6);
    equal(table.get("7"), 6);
  });

  it("has each uid's last value where it is nearly full", () => {
    const table = uidTable(3000);
    for (let turn = 1; turn <= 3; turn++) {
      for (let uid = 1; uid <= 3000; uid++) {
        table.put(`${uid * 7919}`, turn * uid);
      }
    }
    for (let uid = 1; uid <= 3000; uid++) {
      equal(table.get(`${uid * 7919}`), 3 * uid, `${uid}`);
    }
  });

  it("lets others work while the memory of a large one is fetched", () => {
    let pauses = 0;
    const pause = (): void => {
      pauses++;
    };
    uidTable(1000, pause);
    equal(pauses, 0);
    uidTable(100000, pause);
    equal(pauses, 4);
  });

  it("refuses one more than it was made for", () => {
    const table = uidTable(2);
    table.put("1", 1);
    table.put("2", 1);
    table.put("2", 1);
    throws(() => table.put("3", 1), "uid table made for 2 uids");
  });

  it("of no uids answers", () => {
    equal(uidTable(0).get("5"), 0);
  });
});

describe("the position in sorted numbers", () => {
  it("is the first that is not below the value, for every size and every place", () => {
    const sizes: number[] = [15, 16, 17, 65535, 65536, 65537, 131072];
    for (let size = 0; size <= 40; size++) {
      sizes.push(size);
    }
    for (const size of sizes) {
      const sorted = doubles(size + 1);
      for (let i = 0; i < size; i++) {
        sorted[i] = 2 * i + 0.7;
      }
      const position = sortedPosition(sorted, size);
      const step = size > 1000 ? 997 : 1;
      for (let i = 0; i < size; i += step) {
        equal([position(2 * i), position(2 * i + 1)], [i, i + 1], `${i} of ${size}`);
        equal(position(2 * i + 0.7), i, `exactly ${i} of ${size}`);
      }
      equal([position(-1), position(2 * size + 1), position(Infinity)], [0, size, size], `around ${size}`);
    }
  });

  it("is right among more than a million", () => {
    const size = 2097153;
    const sorted = doubles(size + 1);
    for (let i = 0; i < size; i++) {
      sorted[i] = i + 0.7;
    }
    const position = sortedPosition(sorted, size);
    for (let i = 0; i < size; i += 10007) {
      equal([position(i), position(i + 1)], [i, i + 1]);
    }
    equal([position(0), position(size - 1), position(size), position(size * 2)], [0, size - 1, size, size]);
  });
});
