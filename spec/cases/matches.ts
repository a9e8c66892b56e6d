/** What a policy answers for each userinfo; "" stands for no match. */
export interface MatchCase {
  readonly name: string;
  readonly divtype: string;
  readonly rules: string;
  readonly answers: readonly (readonly [userinfo: string, upstream: string])[];
}

/** What a client can send where a decimal uid is meant. */
const unusableUids = [
  "", " ", "a", "12a", "a12", "-1", "+15", "15 ", " 15", "1.5e1", "15.0", "0x0f", "１５", "1,5", "1_5", "15\n", "15\u0000", "nan", "inf",
];

function none(userinfos: readonly string[]): (readonly [string, string])[] {
  return userinfos.map((userinfo) => [userinfo, ""] as const);
}

export const matchCases: readonly MatchCase[] = [
  {
    name: "uids at the edges of ranges and in the gaps",
    divtype: "uidrange",
    rules: '[{"range":{"start":20,"end":29},"upstream":"b"},{"range":{"start":10,"end":15},"upstream":"a"},{"range":{"start":30,"end":30},"upstream":"c"}]',
    answers: [
      ["0", ""], ["9", ""], ["10", "a"], ["11", "a"], ["14", "a"], ["15", "a"], ["16", ""], ["17", ""], ["19", ""],
      ["20", "b"], ["28", "b"], ["29", "b"], ["30", "c"], ["31", ""], ["4503599627370496", ""],
      ["99999999999999999999999999", ""], ["0000000000000000000000015", "a"], ["015", "a"], ...none(unusableUids),
    ],
  },
  {
    name: "uids from 0 and up to the largest bound",
    divtype: "uidrange",
    rules: '[{"range":{"start":0,"end":0},"upstream":"a"},{"range":{"start":2,"end":3},"upstream":"b"},{"range":{"start":4503599627370494,"end":4503599627370495},"upstream":"c"}]',
    answers: [
      ["0", "a"], ["00", "a"], ["1", ""], ["2", "b"], ["3", "b"], ["4", ""], ["4503599627370493", ""],
      ["4503599627370494", "c"], ["4503599627370495", "c"], ["4503599627370496", ""], ["9007199254740993", ""],
    ],
  },
  {
    name: "IPv4 addresses at the edges of ranges",
    divtype: "iprange",
    rules: '[{"range":"10.0.0.0/30","upstream":"a"},{"range":"10.0.0.6-10.0.0.7","upstream":"b"},{"range":"255.255.255.255","upstream":"c"},{"range":{"start":0,"end":1},"upstream":"d"}]',
    answers: [
      ["9.255.255.255", ""], ["10.0.0.0", "a"], ["10.0.0.3", "a"], ["10.0.0.4", ""], ["10.0.0.5", ""], ["10.0.0.6", "b"],
      ["10.0.0.7", "b"], ["10.0.0.8", ""], ["255.255.255.254", ""], ["255.255.255.255", "c"], ["0.0.0.0", "d"],
      ["0.0.0.1", "d"], ["0.0.0.2", ""], ["::ffff:10.0.0.3", "a"], ["::ffff:10.0.0.4", ""], ["::FFFF:a00:6", "b"],
      ...none(["", "abc", "10.0.0", "10.0.0.1:80", "10.0.0.1, 10.0.0.2", " 10.0.0.1", "010.0.0.1", "167772161", "10.0.0.1\u0000", "10.0.0.1\u0000x", "10.0.0.256"]),
      ["::a00:1", ""], ["::1", ""],
    ],
  },
  {
    name: "IPv6 addresses at the edges of ranges",
    divtype: "iprange",
    rules: '[{"range":"2001:db8::/33","upstream":"a"},{"range":"2001:db8:8000::5","upstream":"b"},{"range":"::-::1","upstream":"c"},{"range":"fc00::/7","upstream":"d"},{"range":"10.0.0.1","upstream":"e"}]',
    answers: [
      ["::", "c"], ["::1", "c"], ["::2", ""], ["2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", ""], ["2001:db8::", "a"],
      ["2001:DB8::1", "a"], ["2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "a"], ["2001:db8:8000::", ""],
      ["2001:db8:8000::4", ""], ["2001:db8:8000::5", "b"], ["2001:db8:8000::6", ""],
      ["fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""], ["fc00::", "d"], ["fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "d"],
      ["fe00::", ""], ["10.0.0.1", "e"], ["::ffff:10.0.0.1", "e"], ["::10.0.0.1", ""],
      ...none(["", "g::", "[::1]", "::1%lo", "fc00::/7", ":"]),
    ],
  },
  {
    name: "only IPv6 ranges",
    divtype: "iprange",
    rules: '[{"range":"::/0","upstream":"a"}]',
    answers: [["::", "a"], ["::1", "a"], ["ffff::", "a"], ["1.2.3.4", ""], ["::ffff:1.2.3.4", ""]],
  },
  {
    name: "the last digit of a uid",
    divtype: "uidsuffix",
    rules: '[{"suffix":"1","upstream":"a"},{"suffix":3,"upstream":"b"},{"suffix":0,"upstream":"c"}]',
    answers: [
      ["1", "a"], ["11", "a"], ["31", "a"], ["13", "b"], ["30", "c"], ["0", "c"], ["2", ""], ["12", ""], ["9", ""],
      ["18446744073709551613", "b"], ["001", "a"], ...none(unusableUids),
    ],
  },
  {
    name: "the longest suffix",
    divtype: "uidsuffix",
    rules: '[{"suffix":"5","upstream":"a"},{"suffix":"05","upstream":"b"},{"suffix":"105","upstream":"c"},{"suffix":"77","upstream":"d"}]',
    answers: [
      ["5", "a"], ["15", "a"], ["05", "b"], ["205", "b"], ["105", "c"], ["9105", "c"], ["1105", "c"], ["77", "d"], ["7", ""],
      ["177", "d"], ["17", ""], ["50", ""], ...none(["", "a5", "5a", "-5", "x105"]),
    ],
  },
  {
    name: "only suffixes of several digits",
    divtype: "uidsuffix",
    rules: '[{"suffix":"12345678901234567890","upstream":"a"},{"suffix":"42","upstream":"b"}]',
    answers: [["12345678901234567890", "a"], ["912345678901234567890", "a"], ["2345678901234567890", ""], ["42", "b"], ["2", ""], ["142", "b"]],
  },
  {
    name: "uids one by one, compared as text",
    divtype: "uidappoint",
    rules: '[{"uidset":[0,1234,9007199254740993,18446744073709551616,999999999999999],"upstream":"a"},{"uidset":["007","a3f0-11","Bob","中","constructor","__proto__"],"upstream":"b"}]',
    answers: [
      ["0", "a"], ["1234", "a"], ["1235", ""], ["01234", ""], ["00", ""], ["", ""], ["9007199254740993", "a"],
      ["9007199254740992", ""], ["9007199254740994", ""], ["18446744073709551616", "a"], ["18446744073709551615", ""],
      ["999999999999999", "a"], ["999999999999998", ""], ["0999999999999999", ""], ["1e3", ""], ["007", "b"], ["7", ""],
      ["a3f0-11", "b"], ["A3F0-11", ""], ["Bob", "b"], ["bob", ""], ["中", "b"], ["constructor", "b"], ["__proto__", "b"],
      ["toString", ""], ["hasOwnProperty", ""], ["1234 ", ""], ["1234.0", ""], ["+1234", ""], ["-0", ""],
    ],
  },
  {
    name: "cities as they are sent",
    divtype: "arg_city",
    rules: '[{"city":"BJ","upstream":"a"},{"city":"北京","upstream":"b"},{"city":"%E4%B8%8A","upstream":"c"}]',
    answers: [["BJ", "a"], ["bj", ""], ["BJ ", ""], ["北京", "b"], ["%E5%8C%97%E4%BA%AC", ""], ["%E4%B8%8A", "c"], ["", ""], ["constructor", ""]],
  },
  {
    name: "paths",
    divtype: "url",
    rules: '[{"url":"/","upstream":"a"},{"url":"/a/b","upstream":"b"}]',
    answers: [["/", "a"], ["/a/b", "b"], ["/a", ""], ["/a/b/", ""], ["/A/B", ""], ["//", ""], ["", ""]],
  },
];

/** Stored data that nobody can serve as it stands, and words of what is wrong with it. */
export interface BrokenCase {
  readonly name: string;
  readonly divtype: string;
  readonly divdata: readonly string[];
  readonly ipv6?: readonly string[];
  readonly words: string;
}

const first = "00000000000000000000000000000001";
const second = "00000000000000000000000000000002";

function ofRanges(divtype: string): BrokenCase[] {
  return [
    { name: "no data", divtype, divdata: [], words: "there are no rules" },
    { name: "the end of a rule missing", divtype, divdata: ["0:a", "0.7"], words: "has a start and no end" },
    { name: "the start of a rule missing", divtype, divdata: ["1:a", "2.3"], words: "index 0 was expected" },
    { name: "a half in the middle missing", divtype, divdata: ["0:a", "0.7", "1:a", "2.3", "3:a", "9.3"], words: "index 2 was expected" },
    { name: "a rule missing", divtype, divdata: ["0:a", "0.7", "1:a", "2.3", "4:a", "4.7", "5:a", "9.3"], words: "index 2 was expected" },
    { name: "rules that overlap", divtype, divdata: ["0:a", "0.7", "2:b", "1.7", "1:a", "2.3", "3:b", "9.3"], words: "index 1 was expected" },
    { name: "two upstreams in one rule", divtype, divdata: ["0:a", "0.7", "1:b", "2.3"], words: "starts with another upstream" },
    { name: "an upstream that nginx cannot take", divtype, divdata: ["0:a b", "0.7", "1:a b", "2.3"], words: "nginx cannot take" },
    { name: "an upstream without a name", divtype, divdata: ["0:", "0.7", "1:", "2.3"], words: "nginx cannot take" },
    { name: "a member without an index", divtype, divdata: ["a", "0.7", "b", "2.3"], words: "index 0 was expected" },
    { name: "an index that is no number", divtype, divdata: ["x:a", "0.7", "1:a", "2.3"], words: "index 0 was expected" },
    { name: "scores that fall", divtype, divdata: ["0:a", "5.7", "1:a", "2.3"], words: "is no bound" },
    { name: "scores that are the same", divtype, divdata: ["0:a", "5", "1:a", "5"], words: "is no bound" },
    { name: "a score that is no number", divtype, divdata: ["0:a", "nan", "1:a", "2.3"], words: "is no bound" },
    { name: "a score that is a word", divtype, divdata: ["0:a", "0.7", "1:a", "ten"], words: "is no bound" },
    { name: "a score without end", divtype, divdata: ["0:a", "0.7", "1:a", "inf"], words: "is no bound" },
    { name: "a score beyond every number", divtype, divdata: ["0:a", "0.7", "1:a", "1e999"], words: "is no bound" },
    { name: "a score below every value", divtype, divdata: ["0:a", "-inf", "1:a", "2.3"], words: "is no bound" },
    { name: "a negative score", divtype, divdata: ["0:a", "-1.3", "1:a", "2.3"], words: "is no bound" },
  ];
}

export const brokenCases: readonly BrokenCase[] = [
  ...ofRanges("uidrange"),
  ...ofRanges("iprange"),
  ...ofRanges("percent"),
  { name: "an IPv6 member cut short", divtype: "iprange", divdata: [], ipv6: [`${first}-${second}`, "0"], words: "IPv6 member" },
  { name: "an IPv6 member without an upstream", divtype: "iprange", divdata: [], ipv6: [`${first}-${second}:`, "0"], words: "IPv6 member" },
  { name: "an IPv6 member in upper case", divtype: "iprange", divdata: [], ipv6: [`${first}-${second.slice(1)}A:a`, "0"], words: "IPv6 member" },
  { name: "an IPv6 member with another separator", divtype: "iprange", divdata: [], ipv6: [`${first}_${second}:a`, "0"], words: "IPv6 member" },
  { name: "an IPv6 range that ends before it starts", divtype: "iprange", divdata: [], ipv6: [`${second}-${first}:a`, "0"], words: "IPv6 member" },
  {
    name: "IPv6 ranges that overlap",
    divtype: "iprange",
    divdata: [],
    ipv6: [`${first}-${second}:a`, "0", `${second}-${second}:b`, "0"],
    words: "overlaps the one before",
  },
  { name: "no data", divtype: "uidsuffix", divdata: [], words: "there are no rules" },
  { name: "a suffix that is no number", divtype: "uidsuffix", divdata: ["x", "a"], words: "suffix 'x'" },
  { name: "an upstream that nginx cannot take", divtype: "uidsuffix", divdata: ["1", "a/b"], words: "suffix '1'" },
  { name: "no data", divtype: "uidappoint", divdata: [], words: "there are no rules" },
  { name: "an upstream that nginx cannot take", divtype: "uidappoint", divdata: ["1", "a", "2", ""], words: "uid '2'" },
  { name: "no data", divtype: "arg_city", divdata: [], words: "there are no rules" },
  { name: "an upstream that nginx cannot take", divtype: "arg_city", divdata: ["BJ", "$x"], words: "city 'BJ'" },
  { name: "no data", divtype: "url", divdata: [], words: "there are no rules" },
  { name: "an upstream that nginx cannot take", divtype: "url", divdata: ["/a", "a;b"], words: "url '/a'" },
  { name: "no data", divtype: "header", divdata: [], words: "there are no rules" },
  { name: "an entry without a name", divtype: "header", divdata: ["gray", "a"], words: "NAME:VALUE" },
  { name: "an entry with an empty name", divtype: "cookie", divdata: [":gray", "a"], words: "NAME:VALUE" },
  { name: "a name that no cookie has", divtype: "cookie", divdata: ["a b:gray", "a"], words: "NAME:VALUE" },
  { name: "an odd list, whose last entry has no upstream", divtype: "arg", divdata: ["a:b", "u", "a:c", ""], words: "NAME:VALUE" },
];
