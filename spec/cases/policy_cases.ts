/** Policies as JSON with the code and words of their refusal: the pairs of the contract and those of the new fields. */
export type RefusedPolicy = readonly [policy: string, code: number, words: string];

const suffix = '"divtype":"uidsuffix","divdata":[{"suffix":"1","upstream":"beta1"}]';
const header = '"divtype":"header","divdata":[{"name":"X-Env","value":"gray","upstream":"beta1"}]';
const percent = '"divtype":"percent","divdata":[{"percent":5,"upstream":"beta1"}]';
const tooLong = "n".repeat(129);
const tooManyBytes = "é".repeat(65);

export const refusedPolicies: readonly RefusedPolicy[] = [
  ["1", 50102, "a JSON object with divtype and divdata"],
  ['"uidsuffix"', 50102, "a JSON object with divtype and divdata"],
  ["[]", 50102, "a JSON object with divtype and divdata"],
  ["null", 50102, "a JSON object with divtype and divdata"],
  ["{}", 50101, "expected parameter for policy divtype"],
  ['{"divdata":[]}', 50101, "expected parameter for policy divtype"],
  ['{"divtype":"uidsuffix"}', 50101, "expected parameter for policy divdata"],
  ['{"divtype":"nonesuch"}', 50101, "expected parameter for policy divdata"],
  ['{"divtype":"nonesuch","divdata":[]}', 50104, "unsupported divtype 'nonesuch'; supported: arg, arg_city, cookie"],
  ['{"divtype":"","divdata":[]}', 50104, "unsupported divtype ''"],
  ['{"divtype":"UIDSUFFIX","divdata":[]}', 50104, "unsupported divtype 'UIDSUFFIX'"],
  ['{"divtype":"constructor","divdata":[]}', 50104, "unsupported divtype 'constructor'"],
  ['{"divtype":"__proto__","divdata":[]}', 50104, "unsupported divtype '__proto__'"],
  ['{"divtype":1,"divdata":[]}', 50104, "unsupported divtype '(not a text)'"],
  ['{"divtype":null,"divdata":[]}', 50104, "unsupported divtype"],
  ['{"divtype":"uidsuffix","divdata":null}', 50201, "divdata: a list of rules is expected"],
  ['{"divtype":"uidsuffix","divdata":[]}', 50201, "policy is blank"],
  ['{"divtype":"uidsuffix","divdata":[{"suffix":11,"upstream":"a"}]}', 50201, "suffix is not between [0 and 9]"],
  ['{"divtype":"uidrange","divdata":[{"range":{"start":9,"end":1},"upstream":"a"}]}', 50201, "range error for start < end"],
  [
    '{"divtype":"uidrange","divdata":[{"range":{"start":1,"end":9},"upstream":"a"},{"range":{"start":9,"end":10},"upstream":"a"}]}',
    50201,
    "range overlapped",
  ],
  ['{"divtype":"uidappoint","divdata":[{"uidset":[-1],"upstream":"a"}]}', 50201, "uid 1 of uidset invalid"],
  [`{${suffix},"nmae":"x"}`, 50102, "unknown field 'nmae'"],
  [`{${suffix},"divsteps":1}`, 50102, "unknown field 'divsteps'"],
  [`{${suffix},"name":""}`, 50201, "name: a text of 1 to 128 bytes"],
  [`{${suffix},"name":1}`, 50201, "name: a text is expected"],
  [`{${suffix},"name":null}`, 50201, "name: a text is expected"],
  [`{${suffix},"name":"a\\nb"}`, 50201, "name: a text of 1 to 128 bytes"],
  [`{${suffix},"name":"${tooLong}"}`, 50201, "name: a text of 1 to 128 bytes"],
  [`{${suffix},"name":"${tooManyBytes}"}`, 50201, "name: a text of 1 to 128 bytes"],
  [`{${suffix},"userinfo":"uid"}`, 50201, "userinfo: 'uid' is none of header:NAME"],
  [`{${suffix},"userinfo":"header:"}`, 50201, "userinfo: 'header:' is none of"],
  [`{${suffix},"userinfo":[]}`, 50201, "userinfo: a text is expected"],
  [`{${suffix},"userinfo":""}`, 50201, "userinfo: a text of 1 to 128"],
  [`{${header},"userinfo":"ip"}`, 50201, "userinfo: header rules name what they read themselves"],
  [`{${suffix},"salt":"s1"}`, 50201, "salt: only percent policies have one"],
  [`{${header},"salt":"s1"}`, 50201, "salt: only percent policies have one"],
  [`{${percent},"salt":""}`, 50201, "salt: a text of 1 to 128"],
  [`{${percent},"salt":5}`, 50201, "salt: a text is expected"],
];

/** Policies that are accepted, with their parser and meta: name, userinfo, salt; "" where there is none. */
export const acceptedPolicies: readonly (readonly [policy: string, parser: string, name?: string, userinfo?: string, salt?: string])[] = [
  [`{${suffix}}`, "uidParser"],
  [`{"name":"gray",${suffix}}`, "uidParser", "gray"],
  [`{${suffix},"name":"灰度 1","userinfo":"header:X-Device-Id"}`, "uidParser", "灰度 1", "header:X-Device-Id"],
  [`{${suffix},"userinfo":"cookie:uid"}`, "uidParser", "", "cookie:uid"],
  [`{${suffix},"userinfo":"arg:uid"}`, "uidParser", "", "arg:uid"],
  [`{${suffix},"userinfo":"uri"}`, "uidParser", "", "uri"],
  [`{${suffix},"userinfo":"ip"}`, "uidParser", "", "ip"],
  [`{${percent},"salt":"s 1","name":"n"}`, "uidParser", "n", "", "s 1"],
  [`{${header},"name":"n"}`, "requestParser", "n"],
  ['{"divtype":"iprange","divdata":[{"range":"10.0.0.0/8","upstream":"a"}]}', "ipParser"],
  ['{"divtype":"arg_city","divdata":[{"city":"BJ","upstream":"a"}]}', "cityParser"],
  ['{"divtype":"url","divdata":[{"url":"/a","upstream":"a"}]}', "urlParser"],
  ['{"divtype":"cookie","divdata":[{"name":"a","value":"b","upstream":"a"}]}', "requestParser"],
  ['{"divtype":"arg","divdata":[{"name":"a","value":"b","upstream":"a"}]}', "requestParser"],
  ['{"divtype":"uidrange","divdata":[{"range":{"start":1,"end":2},"upstream":"a"}]}', "uidParser"],
  ['{"divtype":"uidappoint","divdata":[{"uidset":[1],"upstream":"a"}]}', "uidParser"],
  [`{${suffix},"name":"${"é".repeat(64)}"}`, "uidParser", "é".repeat(64)],
];

export const goodPolicy = `{${suffix}}`;

/** Groups as JSON with the code and words of their refusal. */
export const refusedGroups: readonly RefusedPolicy[] = [
  ["1", 50102, "policyGroup: a JSON object"],
  [`[${goodPolicy}]`, 50102, "policyGroup: a JSON object"],
  ["null", 50102, "policyGroup: a JSON object"],
  ["{}", 50101, "blank policy group"],
  ['{"name":"g"}', 50101, "blank policy group"],
  [`{"0":${goodPolicy}}`, 50104, "should be one by one (1, 2, 3, …), found '0'"],
  [`{"2":${goodPolicy}}`, 50104, "found '2'"],
  [`{"1":${goodPolicy},"3":${goodPolicy}}`, 50104, "found '3'"],
  [`{"1":${goodPolicy},"02":${goodPolicy}}`, 50104, "found '02'"],
  [`{"1":${goodPolicy},"two":${goodPolicy}}`, 50104, "found 'two'"],
  [`{"1":${goodPolicy},"":${goodPolicy}}`, 50104, "found ''"],
  [`{"1":${goodPolicy},"1.0":${goodPolicy}}`, 50104, "found '1.0'"],
  ['{"1":1}', 50102, "policy NO.1 parameter error for policy"],
  ['{"1":{}}', 50101, "policy NO.1 expected parameter for policy divtype"],
  [`{"1":${goodPolicy},"2":{"divtype":"uidsuffix"}}`, 50101, "policy NO.2 expected parameter for policy divdata"],
  [`{"1":${goodPolicy},"2":{"divtype":"x","divdata":[]}}`, 50104, "policy NO.2 parameter type error for unsupported divtype 'x'"],
  [
    `{"2":{"divtype":"uidsuffix","divdata":[{"suffix":11,"upstream":"a"}]},"1":${goodPolicy}}`,
    50201,
    "policy NO.2 policy invalid for rule 1: suffix invalid: suffix is not between",
  ],
  [`{"1":${goodPolicy},"name":""}`, 50201, "name: a text of 1 to 128"],
  [`{"1":${goodPolicy},"name":{}}`, 50201, "name: a text is expected"],
  [
    `{"1":{"name":"n",${suffix}},"2":${goodPolicy},"3":{"name":"n",${suffix}}}`,
    50201,
    "policy NO.3 policy invalid for name: 'n' names an earlier level too",
  ],
];
