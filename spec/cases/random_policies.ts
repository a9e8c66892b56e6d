import type { Random } from "./random.ts";

/** A policy as JSON text, and its salt where it has one. */
export interface RandomPolicy {
  readonly divtype: string;
  readonly text: string;
  readonly salt: string | undefined;
}

/** The facts of a request: nginx variables, name and value in turn, and the client's address. */
export interface RandomRequest {
  readonly variables: readonly string[];
  readonly address: string;
}

export const randomDivtypes: readonly string[] = [
  "iprange", "uidrange", "uidsuffix", "uidappoint", "arg_city", "url", "percent", "header", "cookie", "arg",
];

const DIGITS = "0123456789";
/** The first digits of uids near the largest bound of a range, which have 16. */
const LARGE = "450359962737";
const cities = ["BJ", "SH", "北京", "上海", "a b", "%E5%8C%97", "x+y", "é", "1", "constructor"];
const paths = ["/", "/a", "/a/b", "/中", "/a%20b", "/A", "/a/"];
const names = ["X-Env", "x-env", "uid", "Group", "a.b", "a_b"];
const oddTexts = ["", " ", "-1", "1e3", "nan", "0x10", "1.5", "😀", "\u0000", "\u007f", "１２", "1\n", "__proto__", "::", "1.2.3", "01.2.3.4", "+5", "00"];

function upstream(dice: Random): string {
  return dice.pick(["stable", "beta1", "beta2", "127.0.0.1:8020", "[::1]:80", "a.b-c_d"]);
}

function uid(dice: Random): string {
  return dice.text(DIGITS, dice.below(10) === 0 ? 1 + dice.below(22) : 1 + dice.below(2));
}

function ipv4(dice: Random): string {
  return `${dice.below(3)}.${dice.below(2) * 255}.${dice.below(3)}.${dice.below(256)}`;
}

function ipv6(dice: Random): string {
  const group = (): string => dice.pick(["0", "1", "ff", "2001", "db8", "ffff", "8000"]);
  return dice.below(2) === 0 ? `2001:${group()}::${group()}` : `${group()}::${group()}:${group()}`;
}

function address(dice: Random): string {
  const kind = dice.below(8);
  return kind < 5 ? ipv4(dice) : kind < 7 ? ipv6(dice) : `::ffff:${ipv4(dice)}`;
}

function quoted(text: string): string {
  return `"${text}"`;
}

/** A whole number without leading zeros, as JSON has it. */
function numberText(dice: Random, limit: number): string {
  return `${dice.below(limit)}`;
}

function addressRange(dice: Random): string {
  const kind = dice.below(6);
  if (kind === 0) {
    const start = dice.below(1000) * 100000;
    return `{"start":${start},"end":${start + dice.below(50000)}}`;
  }
  if (kind === 1) {
    return quoted(address(dice));
  }
  if (kind === 2) {
    return quoted(`${dice.below(4)}.0.0.0/${dice.below(4) + 6}`);
  }
  if (kind === 3) {
    return quoted(`2001:${dice.pick(["0", "db8", "8000"])}::/${dice.below(60) + 14}`);
  }
  const high = dice.below(3);
  return quoted(`${high}.${dice.below(2) * 255}.0.${dice.below(100)}-${high}.255.${dice.below(3)}.${100 + dice.below(156)}`);
}

function ruleKeys(dice: Random, divtype: string): string {
  switch (divtype) {
    case "iprange":
      return `"range":${addressRange(dice)}`;
    case "uidrange": {
      const start = dice.below(1000);
      const end = start + dice.below(60);
      const head = dice.below(20) === 0 ? LARGE : "";
      return `"range":{"start":${head}${start + 1000},"end":${head}${end + 1000}}`;
    }
    case "uidsuffix":
      return `"suffix":${dice.below(2) === 0 ? numberText(dice, 10) : quoted(dice.text(DIGITS, 1 + dice.below(4)))}`;
    case "uidappoint": {
      const uids: string[] = [];
      for (let i = dice.below(12); i >= 0; i--) {
        uids.push(dice.below(3) === 0 ? numberText(dice, 1000) : quoted(dice.pick([uid(dice), dice.text("ab0-", 3)])));
      }
      return `"uidset":[${uids.join(",")}]`;
    }
    case "arg_city":
      return `"city":${quoted(dice.pick(cities))}`;
    case "url":
      return `"url":${quoted(dice.pick(paths))}`;
    case "percent":
      return `"percent":${dice.pick(["0.01", "0.29", "1", "5", "7.77", "12.5", "33.33", "50"])}`;
    default:
      return `"name":${quoted(dice.pick(names))},"value":${quoted(dice.pick(cities))}`;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) {
      return false;
    }
  }
  return true;
}

/**
 * One in eight texts has something put in or taken out: broken JSON, broken rules, other policies. Only texts in ASCII,
 * whose places are the same in both runtimes.
 */
function spoiled(dice: Random, text: string): string {
  if (dice.below(8) !== 0 || !isAscii(text)) {
    return text;
  }
  const at = dice.below(text.length);
  const put = dice.pick(["", '"', "{", "}", "]", ",", ":", "0", "-", "9", ".", "e", "\\", "\\u0041", "\\ud83d", " ", "\n", "null", "a"]);
  return text.slice(0, at) + put + text.slice(at + dice.below(2));
}

/** A policy of a random type that may be right or wrong. */
export function randomPolicy(dice: Random): RandomPolicy {
  const divtype = dice.pick(randomDivtypes);
  const rules: string[] = [];
  for (let i = dice.below(divtype === "percent" || divtype === "iprange" ? 3 : 7); i >= 0; i--) {
    rules.push(`{${ruleKeys(dice, divtype)},"upstream":"${upstream(dice)}"}`);
  }
  const salt = divtype === "percent" && dice.below(2) === 0 ? `s${dice.below(9)}é` : undefined;
  const options = salt === undefined ? "" : `,"salt":"${salt}"`;
  return { divtype, text: spoiled(dice, `{"divtype":"${divtype}","divdata":[${rules.join(",")}]${options}}`), salt };
}

/** A userinfo that fits the type more often than not. */
export function randomUserinfo(dice: Random, divtype: string): string {
  if (dice.below(10) === 0) {
    return dice.pick(oddTexts);
  }
  switch (divtype) {
    case "iprange":
      return address(dice);
    case "uidrange":
      return dice.below(10) === 0 ? `${LARGE}${dice.below(1100) + 1000}` : `${dice.below(1100) + 1000}`;
    case "uidappoint":
      return dice.below(3) === 0 ? dice.text("ab0-", 3) : uid(dice);
    case "arg_city":
      return dice.pick(cities);
    case "url":
      return dice.pick(paths);
    default:
      return uid(dice);
  }
}

/** A request with something of everything that policies look at. */
export function randomRequest(dice: Random): RandomRequest {
  const variables: string[] = [];
  const add = (name: string, value: string): void => {
    if (dice.below(3) > 0) {
      variables.push(name, value);
    }
  };
  add("http_x_uid", randomUserinfo(dice, dice.pick(["uidrange", "uidappoint"])));
  add("arg_city", dice.pick(cities));
  add("uri", dice.pick(paths));
  add("http_x_env", dice.pick(cities));
  add("cookie_group", dice.pick(cities));
  add("cookie_uid", dice.pick(cities));
  add("arg_a.b", dice.pick(cities));
  add("arg_group", dice.pick(["%E5%8C%97%E4%BA%AC", "a+b", "%C3%A9", "%31", "%zz", "BJ"]));
  return { variables, address: dice.below(10) === 0 ? dice.pick(oddTexts) : address(dice) };
}
