/** Rules that are refused with 50201: the type, divdata as JSON, the rule's number (0: the policy) and words of the reason. */
export type RefusedRules = readonly [divtype: string, divdata: string, rule: number, words: string];

const longName = "u".repeat(256);
const longText = "k".repeat(4097);
const manyBytes = "é".repeat(2049);

/** What every type refuses; `{key}` stands for its other keys with good values. */
export const refusedForAll: readonly (readonly [rule: string, words: string])[] = [
  ["1", "an object with"],
  ['"a"', "an object with"],
  ["[]", "an object with"],
  ["null", "an object with"],
  ["{}", "is missing"],
  ['{"upstream":"beta1"}', "is missing"],
  ["{{key}}", "upstream is missing"],
  ['{{key},"upstrem":"beta1"}', "unknown key 'upstrem'"],
  ['{{key},"upstream":"beta1","note":"x"}', "unknown key 'note'"],
  ['{{key},"upstream":1}', "upstream invalid"],
  ['{{key},"upstream":null}', "upstream invalid"],
  ['{{key},"upstream":""}', "upstream invalid"],
  ['{{key},"upstream":"a b"}', "upstream invalid"],
  ['{{key},"upstream":"a/b"}', "upstream invalid"],
  ['{{key},"upstream":"$host"}', "upstream invalid"],
  ['{{key},"upstream":"a;b"}', "upstream invalid"],
  ['{{key},"upstream":"a\\n"}', "upstream invalid"],
  ['{{key},"upstream":"bêta"}', "upstream invalid"],
  [`{{key},"upstream":"${longName}"}`, "upstream invalid"],
];

/** The keys of a good rule of each type, but for its upstream. */
export const goodKeys: readonly (readonly [divtype: string, keys: string])[] = [
  ["iprange", '"range":{"start":1,"end":2}'],
  ["uidrange", '"range":{"start":1,"end":2}'],
  ["uidsuffix", '"suffix":"1"'],
  ["uidappoint", '"uidset":[1]'],
  ["arg_city", '"city":"BJ"'],
  ["url", '"url":"/a"'],
  ["percent", '"percent":5'],
  ["header", '"name":"X-Env","value":"gray"'],
  ["cookie", '"name":"group","value":"b"'],
  ["arg", '"name":"channel","value":"b"'],
];

const ranges: readonly (readonly [range: string, words: string])[] = [
  ["1", "{start, end} is expected"],
  ["[1,2]", "{start, end} is expected"],
  ["{}", "{start, end} is expected"],
  ['{"start":1}', "{start, end} is expected"],
  ['{"start":1,"end":2,"step":1}', "{start, end} is expected"],
  ['{"start":1,"stop":2}', "whole numbers from 0"],
  ['{"start":-1,"end":2}', "whole numbers from 0"],
  ['{"start":1,"end":2.5}', "whole numbers from 0"],
  ['{"start":"1","end":2}', "whole numbers from 0"],
  ['{"start":1,"end":null}', "whole numbers from 0"],
  ['{"start":1,"end":4503599627370496}', "whole numbers from 0 to 4503599627370495"],
  ['{"start":1,"end":99999999999999999999}', "whole numbers from 0"],
  ['{"start":1,"end":1e999}', "whole numbers from 0"],
  ['{"start":2,"end":1}', "starts after it ends"],
];

const overlaps: readonly (readonly [rules: string, rule: number, words: string])[] = [
  ['{"range":{"start":1,"end":5},"upstream":"a"},{"range":{"start":5,"end":9},"upstream":"b"}', 2, "shares values with rule 1"],
  ['{"range":{"start":5,"end":9},"upstream":"a"},{"range":{"start":1,"end":5},"upstream":"b"}', 1, "shares values with rule 2"],
  ['{"range":{"start":1,"end":9},"upstream":"a"},{"range":{"start":3,"end":4},"upstream":"a"}', 2, "shares values with rule 1"],
  ['{"range":{"start":3,"end":3},"upstream":"a"},{"range":{"start":3,"end":3},"upstream":"a"}', 2, "shares values with rule 1"],
  [
    '{"range":{"start":1,"end":2},"upstream":"a"},{"range":{"start":7,"end":9},"upstream":"a"},{"range":{"start":2,"end":3},"upstream":"a"}',
    3,
    "shares values with rule 1",
  ],
];

export const refusedOfTypes: readonly RefusedRules[] = [
  ["iprange", '[{"range":"10.0.0.0/33","upstream":"a"}]', 1, "'10.0.0.0/33' has no prefix length"],
  ["iprange", '[{"range":"10.0.0.1/8","upstream":"a"}]', 1, "bits set"],
  ["iprange", '[{"range":"","upstream":"a"}]', 1, "is not an address"],
  ["iprange", '[{"range":{"start":"10.0.0.9","end":"10.0.0.1"},"upstream":"a"}]', 1, "starts after it ends"],
  ["iprange", '[{"range":{"start":"10.0.0.9","end":"::1"},"upstream":"a"}]', 1, "mixes IPv4 and IPv6"],
  ["iprange", '[{"range":{"start":"1","end":"2"},"upstream":"a"}]', 1, "is not an address"],
  ["iprange", '[{"range":{"start":1,"end":4294967296},"upstream":"a"}]', 1, "ends at 4294967295"],
  ["iprange", '[{"range":"::/0","upstream":"a"},{"range":"::1","upstream":"b"}]', 2, "shares values with rule 1"],
  ["iprange", '[{"range":"10.0.0.0/8","upstream":"a"},{"range":"::ffff:10.1.1.1","upstream":"b"}]', 2, "shares values with rule 1"],
  ["iprange", '[{"range":"1.2.3.4","upstream":"a"},{"range":{"start":16909060,"end":16909060},"upstream":"b"}]', 2, "rule 1"],
  ["uidsuffix", '[{"suffix":11,"upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":10,"upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":-1,"upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":1.5,"upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":"","upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":"a","upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":"-1","upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":"123456789012345678901","upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":true,"upstream":"a"}]', 1, "suffix is not between [0 and 9]"],
  ["uidsuffix", '[{"suffix":1,"upstream":"a"},{"suffix":"1","upstream":"b"}]', 2, "suffix '1' stands in an earlier rule"],
  ["uidappoint", '[{"uidset":1,"upstream":"a"}]', 1, "a list of uids"],
  ["uidappoint", '[{"uidset":[],"upstream":"a"}]', 1, "a list of uids"],
  ["uidappoint", '[{"uidset":{},"upstream":"a"}]', 1, "a list of uids"],
  ["uidappoint", '[{"uidset":[1,-2],"upstream":"a"}]', 1, "uid 2 of uidset invalid"],
  ["uidappoint", '[{"uidset":[1.5],"upstream":"a"}]', 1, "uid 1 of uidset invalid"],
  ["uidappoint", '[{"uidset":[""],"upstream":"a"}]', 1, "uid 1 of uidset invalid"],
  ["uidappoint", '[{"uidset":[null],"upstream":"a"}]', 1, "uid 1 of uidset invalid"],
  ["uidappoint", '[{"uidset":[[1]],"upstream":"a"}]', 1, "uid 1 of uidset invalid"],
  ["uidappoint", '[{"uidset":["a\\nb"],"upstream":"a"}]', 1, "uid 1 of uidset invalid"],
  ["uidappoint", '[{"uidset":[-12345678901234567890],"upstream":"a"}]', 1, "uid 1 of uidset invalid"],
  ["uidappoint", `[{"uidset":["${longText}"],"upstream":"a"}]`, 1, "uid 1 of uidset invalid"],
  ["uidappoint", '[{"uidset":[1,1],"upstream":"a"}]', 1, "uid '1' is appointed twice"],
  ["uidappoint", '[{"uidset":[1,2],"upstream":"a"},{"uidset":["2"],"upstream":"a"}]', 2, "uid '2' is appointed twice"],
  ["uidappoint", '[{"uidset":[9007199254740993],"upstream":"a"},{"uidset":["9007199254740993"],"upstream":"b"}]', 2, "twice"],
  ["arg_city", '[{"city":1,"upstream":"a"}]', 1, "city invalid"],
  ["arg_city", '[{"city":"","upstream":"a"}]', 1, "city invalid"],
  ["arg_city", '[{"city":"B\\u0000J","upstream":"a"}]', 1, "city invalid"],
  ["arg_city", '[{"city":"BJ","upstream":"a"},{"city":"SH","upstream":"a"},{"city":"BJ","upstream":"b"}]', 3, "city 'BJ' stands"],
  ["url", '[{"url":null,"upstream":"a"}]', 1, "url invalid"],
  ["url", `[{"url":"${longText}","upstream":"a"}]`, 1, "url invalid"],
  ["url", `[{"url":"${manyBytes}","upstream":"a"}]`, 1, "url invalid"],
  ["url", '[{"url":"/a","upstream":"a"},{"url":"/a","upstream":"a"}]', 2, "url '/a' stands"],
  ["percent", '[{"percent":0,"upstream":"a"}]', 1, "from 0.01 to 100"],
  ["percent", '[{"percent":-5,"upstream":"a"}]', 1, "from 0.01 to 100"],
  ["percent", '[{"percent":100.01,"upstream":"a"}]', 1, "from 0.01 to 100"],
  ["percent", '[{"percent":0.001,"upstream":"a"}]', 1, "steps of 0.01"],
  ["percent", '[{"percent":5.005,"upstream":"a"}]', 1, "steps of 0.01"],
  ["percent", '[{"percent":"5","upstream":"a"}]', 1, "from 0.01 to 100"],
  ["percent", '[{"percent":1e999,"upstream":"a"}]', 1, "from 0.01 to 100"],
  ["percent", '[{"percent":60,"upstream":"a"},{"percent":40.01,"upstream":"b"}]', 2, "more than 100"],
  ["header", '[{"name":"","value":"a","upstream":"a"}]', 1, "name invalid"],
  ["header", '[{"name":"X Env","value":"a","upstream":"a"}]', 1, "name invalid"],
  ["header", '[{"name":"X:Env","value":"a","upstream":"a"}]', 1, "name invalid"],
  ["header", '[{"name":1,"value":"a","upstream":"a"}]', 1, "name invalid"],
  ["header", '[{"name":"X-\\u212a","value":"a","upstream":"a"}]', 1, "name invalid"],
  ["header", '[{"name":"X-Env","value":"","upstream":"a"}]', 1, "value invalid"],
  ["header", '[{"name":"X-Env","value":1,"upstream":"a"}]', 1, "value invalid"],
  ["header", '[{"name":"X-Env","value":"a\\tb","upstream":"a"}]', 1, "value invalid"],
  ["header", '[{"name":"X-Env","value":"a","upstream":"a"},{"name":"x-env","value":"a","upstream":"b"}]', 2, "x-env = 'a' stands"],
  ["cookie", '[{"name":"a=b","value":"a","upstream":"a"}]', 1, "name invalid"],
  ["cookie", '[{"name":"g","value":"a","upstream":"a"},{"name":"G","value":"a","upstream":"b"}]', 2, "G = 'a' stands"],
  ["arg", '[{"name":"a&b","value":"a","upstream":"a"}]', 1, "name invalid"],
  ["arg", '[{"name":"c","value":"a","upstream":"a"},{"name":"C","value":"a","upstream":"b"}]', 2, "C = 'a' stands"],
];

function ofRanges(divtype: string): RefusedRules[] {
  const cases: RefusedRules[] = [];
  for (const [range, words] of ranges) {
    cases.push([divtype, `[{"range":${range},"upstream":"a"}]`, 1, words]);
  }
  for (const [rules, rule, words] of overlaps) {
    cases.push([divtype, `[${rules}]`, rule, words]);
  }
  return cases;
}

export const refusedRanges: readonly RefusedRules[] = [...ofRanges("uidrange"), ...ofRanges("iprange")];
