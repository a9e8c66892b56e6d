/** Rules as an operator writes them and the form in which they are stored, field after value, member after score. */
export interface StoredRulesCase {
  readonly name: string;
  readonly divtype: string;
  readonly rules: string;
  readonly divdata: readonly string[];
  readonly ipv6?: readonly string[];
}

export const storedRulesCases: readonly StoredRulesCase[] = [
  {
    name: "a range of uids as the predecessor stored it",
    divtype: "uidrange",
    rules: '[{"range":{"start":1111,"end":2222},"upstream":"beta1"}]',
    divdata: ["0:beta1", "1110.7", "1:beta1", "2222.3"],
  },
  {
    name: "ranges in the order of their starts",
    divtype: "uidrange",
    rules: '[{"range":{"start":30,"end":30},"upstream":"b:c"},{"range":{"start":0,"end":9},"upstream":"a"},{"range":{"start":10,"end":29},"upstream":"a"}]',
    divdata: ["0:a", "-0.3", "1:a", "9.3", "2:a", "9.7", "3:a", "29.3", "4:b:c", "29.7", "5:b:c", "30.3"],
  },
  {
    name: "zero as one value, whatever its sign",
    divtype: "uidrange",
    rules: '[{"range":{"start":-0,"end":-0},"upstream":"a"}]',
    divdata: ["0:a", "-0.3", "1:a", "0.3"],
  },
  {
    name: "bounds of more than 14 digits in full",
    divtype: "uidrange",
    rules: '[{"range":{"start":100000000000000,"end":999999999999999},"upstream":"a"},{"range":{"start":1000000000000000,"end":4503599627370495},"upstream":"b"}]',
    divdata: ["0:a", "99999999999999.7", "1:a", "999999999999999.3", "2:b", "999999999999999.7", "3:b", "4503599627370495.3"],
  },
  {
    name: "IPv4 addresses as the numbers they are",
    divtype: "iprange",
    rules: '[{"range":{"start":1111,"end":2222},"upstream":"beta1"},{"range":{"start":4294967295,"end":4294967295},"upstream":"beta2"}]',
    divdata: ["0:beta1", "1110.7", "1:beta1", "2222.3", "2:beta2", "4294967294.7", "3:beta2", "4294967295.3"],
  },
  {
    name: "IPv4 addresses in every form alike",
    divtype: "iprange",
    rules: '[{"range":"10.0.0.0/8","upstream":"c"},{"range":"1.2.3.4-1.2.3.9","upstream":"b"},{"range":{"start":"0.0.0.0","end":"0.0.0.1"},"upstream":"a"},{"range":"::ffff:255.255.255.255","upstream":"d"}]',
    divdata: [
      "0:a", "-0.3", "1:a", "1.3",
      "2:b", "16909059.7", "3:b", "16909065.3",
      "4:c", "167772159.7", "5:c", "184549375.3",
      "6:d", "4294967294.7", "7:d", "4294967295.3",
    ],
  },
  {
    name: "IPv6 ranges beside them, as hex digits with score 0",
    divtype: "iprange",
    rules: '[{"range":"2001:db8::/32","upstream":"b"},{"range":"1.2.3.4","upstream":"a"},{"range":"::1","upstream":"l:1"}]',
    divdata: ["0:a", "16909059.7", "1:a", "16909060.3"],
    ipv6: [
      "00000000000000000000000000000001-00000000000000000000000000000001:l:1", "0",
      "20010db8000000000000000000000000-20010db8ffffffffffffffffffffffff:b", "0",
    ],
  },
  {
    name: "only IPv6 ranges",
    divtype: "iprange",
    rules: '[{"range":"::/0","upstream":"a"}]',
    divdata: [],
    ipv6: ["00000000000000000000000000000000-ffffffffffffffffffffffffffffffff:a", "0"],
  },
  {
    name: "suffixes as digits, numbers and texts alike",
    divtype: "uidsuffix",
    rules: '[{"suffix":"1","upstream":"beta1"},{"suffix":3,"upstream":"beta2"},{"suffix":-0,"upstream":"beta3"},{"suffix":"05","upstream":"beta1"},{"suffix":"12345678901234567890","upstream":"b"}]',
    divdata: ["1", "beta1", "3", "beta2", "0", "beta3", "05", "beta1", "12345678901234567890", "b"],
  },
  {
    name: "uids as text, with all their digits",
    divtype: "uidappoint",
    rules: '[{"uidset":[1234,5124,0,99999999999999,100000000000000,9007199254740993,18446744073709551616],"upstream":"a"},{"uidset":["007","7","a3f0-ÿ","中"],"upstream":"b"}]',
    divdata: [
      "1234", "a", "5124", "a", "0", "a", "99999999999999", "a", "100000000000000", "a", "9007199254740993", "a",
      "18446744073709551616", "a", "007", "b", "7", "b", "a3f0-ÿ", "b", "中", "b",
    ],
  },
  {
    name: "cities",
    divtype: "arg_city",
    rules: '[{"city":"BJ","upstream":"beta1"},{"city":"北京","upstream":"beta2"}]',
    divdata: ["BJ", "beta1", "北京", "beta2"],
  },
  {
    name: "paths",
    divtype: "url",
    rules: '[{"url":"/a/b","upstream":"127.0.0.1:8020"},{"url":"/","upstream":"[::1]:80"}]',
    divdata: ["/a/b", "127.0.0.1:8020", "/", "[::1]:80"],
  },
  {
    name: "shares as ranges of the hash, split_clients' own",
    divtype: "percent",
    rules: '[{"percent":5,"upstream":"a"},{"percent":0.01,"upstream":"b"}]',
    divdata: ["0:a", "-0.3", "1:a", "214748363.3", "2:b", "214748363.7", "3:b", "215177859.3"],
  },
  {
    name: "shares that add up to all users, to the last hash",
    divtype: "percent",
    rules: '[{"percent":50,"upstream":"a"},{"percent":50,"upstream":"b"}]',
    divdata: ["0:a", "-0.3", "1:a", "2147483646.3", "2:b", "2147483646.7", "3:b", "4294967295.3"],
  },
  {
    name: "headers in order, their names in lower case",
    divtype: "header",
    rules: '[{"name":"X-Env","value":"gray","upstream":"beta1"},{"name":"x-env","value":"Gray:1","upstream":"beta2"},{"name":"A","value":"b","upstream":"c"}]',
    divdata: ["x-env:gray", "beta1", "x-env:Gray:1", "beta2", "a:b", "c"],
  },
  {
    name: "cookies in order",
    divtype: "cookie",
    rules: '[{"name":"group","value":"b","upstream":"beta1"},{"name":"Group","value":"a","upstream":"beta2"}]',
    divdata: ["group:b", "beta1", "group:a", "beta2"],
  },
  {
    name: "arguments in order",
    divtype: "arg",
    rules: '[{"name":"channel","value":"内测","upstream":"beta1"},{"name":"channel","value":"a b","upstream":"beta2"}]',
    divdata: ["channel:内测", "beta1", "channel:a b", "beta2"],
  },
];
