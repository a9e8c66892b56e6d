import { decodeArgument } from "../../src/dygateway/core/diversion/percent_decode.ts";
import { utf8Bytes } from "../../src/dygateway/core/json/utf8.ts";
import { contains, equal, show } from "../support/assert.ts";
import { compilePairs, matcherOf } from "./support/policies.ts";
import { request } from "./support/requests.ts";
import { valueOf } from "./support/results.ts";

interface NamedCase {
  readonly name: string;
  readonly divtype: string;
  readonly rules: string;
  /** The request's variables, name and value in turn, and the upstream; "" for no match. */
  readonly answers: readonly (readonly [variables: readonly string[], upstream: string])[];
}

const cases: readonly NamedCase[] = [
  {
    name: "headers by any spelling of their names",
    divtype: "header",
    rules: '[{"name":"X-Env","value":"gray","upstream":"a"},{"name":"x_ENV","value":"blue","upstream":"b"}]',
    answers: [
      [["http_x_env", "gray"], "a"],
      [["http_x_env", "blue"], "b"],
      [["http_x_env", "Gray"], ""],
      [["http_x_env", "gray "], ""],
      [["http_x_env", ""], ""],
      [["http_x_envy", "gray"], ""],
      [[], ""],
    ],
  },
  {
    name: "the first rule that is met, also between names",
    divtype: "header",
    rules: '[{"name":"A","value":"1","upstream":"a"},{"name":"B","value":"1","upstream":"b"},{"name":"A","value":"2","upstream":"c"},{"name":"C","value":"1","upstream":"d"}]',
    answers: [
      [["http_a", "1", "http_b", "1", "http_c", "1"], "a"],
      [["http_a", "2", "http_b", "1", "http_c", "1"], "b"],
      [["http_a", "2", "http_b", "2", "http_c", "1"], "c"],
      [["http_a", "3", "http_b", "2", "http_c", "1"], "d"],
      [["http_c", "1"], "d"],
      [["http_c", "1", "http_b", "1"], "b"],
      [["http_a", "3"], ""],
    ],
  },
  {
    name: "cookies",
    divtype: "cookie",
    rules: '[{"name":"Group","value":"b:c","upstream":"a"},{"name":"group","value":"%E4%B8%AD","upstream":"b"},{"name":"group","value":"中","upstream":"c"}]',
    answers: [
      [["cookie_group", "b:c"], "a"],
      [["cookie_group", "%E4%B8%AD"], "b"],
      [["cookie_group", "中"], "c"],
      [["cookie_group", "b"], ""],
      [["http_group", "b:c"], ""],
    ],
  },
  {
    name: "arguments as their sender meant them",
    divtype: "arg",
    rules: '[{"name":"channel","value":"内测","upstream":"a"},{"name":"channel","value":"a b","upstream":"b"},{"name":"channel","value":"50%","upstream":"c"},{"name":"Channel","value":"a+b","upstream":"d"}]',
    answers: [
      [["arg_channel", "%E5%86%85%E6%B5%8B"], "a"],
      [["arg_channel", "%e5%86%85%e6%b5%8b"], "a"],
      [["arg_channel", "内测"], "a"],
      [["arg_channel", "a+b"], "b"],
      [["arg_channel", "a%20b"], "b"],
      [["arg_channel", "50%"], "c"],
      [["arg_channel", "50%25"], "c"],
      [["arg_channel", "a%2Bb"], "d"],
      [["arg_channel", "%E5%86%85"], ""],
      [["arg_channel", "%E5%86%85%E6%B5%8"], ""],
      [["http_channel", "内测"], ""],
    ],
  },
  {
    name: "names and values that every object has",
    divtype: "header",
    rules: '[{"name":"constructor","value":"__proto__","upstream":"a"}]',
    answers: [
      [["http_constructor", "__proto__"], "a"],
      [["http_constructor", "constructor"], ""],
      [["http_constructor", "toString"], ""],
    ],
  },
];

const decoded: readonly (readonly [text: string, meant: string])[] = [
  ["", ""],
  ["abc", "abc"],
  ["a+b", "a b"],
  ["+", " "],
  ["a%20b", "a b"],
  ["%41%42", "AB"],
  ["%2b%2B", "++"],
  ["%", "%"],
  ["%4", "%4"],
  ["%4g", "%4g"],
  ["%g4", "%g4"],
  ["%%41", "%A"],
  ["%2541", "%41"],
  ["a%", "a%"],
  ["%zz+%41", "%zz A"],
  ["%C3%A9", "é"],
  ["é+%C3%A9", "é é"],
  ["%F0%9F%98%80", "😀"],
];

describe("named values", () => {
  for (const { name, divtype, rules, answers } of cases) {
    it(`of ${divtype} tell ${name}`, () => {
      const matcher = matcherOf(divtype, rules);
      for (const [variables, upstream] of answers) {
        const facts = request(variables);
        const expected = upstream === "" ? undefined : upstream;
        equal(matcher.match("", facts), expected, show(variables));
        equal(matcher.explain("", facts).upstream, expected, show(variables));
      }
    });
  }

  it("say which rule was met, and what there was to see", () => {
    const matcher = matcherOf("header", '[{"name":"A","value":"1","upstream":"a"},{"name":"B","value":"2","upstream":"b"}]');
    contains(matcher.explain("", request(["http_b", "2"])).why, "rule 2: no header a, b = '2'");
    contains(matcher.explain("", request(["http_b", "3"])).why, "no rule for no header a, b = '3'");
  });

  it("keep the colons of a value, and the order in which they are stored", () => {
    const matcher = valueOf(compilePairs("header", ["X-Time:10:30", "a", "x-other:1", "b"]));
    equal(matcher.match("", request(["http_x_time", "10:30"])), "a");
    equal(matcher.match("", request(["http_x_other", "1", "http_x_time", "10:30"])), "a");
    equal(matcher.match("", request(["http_x_other", "1"])), "b");
  });

  it("are decoded like a form's", () => {
    for (const [text, meant] of decoded) {
      equal(decodeArgument(text), utf8Bytes(meant), text);
    }
    equal(decodeArgument("%FF%00"), String.fromCharCode(255, 0));
  });
});
