import { plainNumber } from "../../src/dygateway/core/decimal.ts";
import type { Matcher } from "../../src/dygateway/core/diversion/diversion_type.ts";
import { plainMurmur2 } from "../../src/dygateway/core/diversion/hash.ts";
import { diversionTypes } from "../../src/dygateway/core/diversion/index.ts";
import { divtypeNeedsLua } from "../../src/dygateway/core/errors.ts";
import { parseJson } from "../../src/dygateway/core/json/parse.ts";
import { printJson } from "../../src/dygateway/core/json/print.ts";
import { utf8Bytes } from "../../src/dygateway/core/json/utf8.ts";
import { lookup } from "../../src/dygateway/core/lookup.ts";
import { checkPolicy } from "../../src/dygateway/core/policy/policy.ts";
import type { ForeignDivtypes } from "../../src/dygateway/core/policy/policy.ts";
import { failure, noPause } from "../../src/dygateway/core/result.ts";
import { parseAddressRange } from "../../src/dygateway/core/userinfo/address_range.ts";
import type { RequestFacts } from "../../src/dygateway/core/userinfo/request_facts.ts";
import { textsOfRules } from "./stored_texts.ts";
import type { StoredTexts } from "./stored_texts.ts";
import { feed } from "./feeding.ts";
import { random } from "./random.ts";
import type { Random } from "./random.ts";
import { randomPolicy, randomRequest, randomUserinfo } from "./random_policies.ts";

/** What a run came to: equal runs, equal texts. The counts show that the cases were worth running. */
export interface Digest {
  readonly cases: number;
  readonly policies: number;
  readonly refused: number;
  readonly matched: number;
  readonly hash: number;
}

/** Requests to each policy. */
const REQUESTS = 100;

const noForeign: ForeignDivtypes = {
  names: () => [],
  parser: () => undefined,
  check: (divtype) => failure(divtypeNeedsLua(divtype)),
};

/** One rule in eight of a stored form goes missing: broken data for most types, other data for the rest. */
function damaged(dice: Random, stored: StoredTexts): StoredTexts {
  if (dice.below(8) !== 0 || stored.divdata.length === 0) {
    return stored;
  }
  const at = 2 * dice.below(stored.divdata.length / 2);
  return { divdata: stored.divdata.filter((_, i) => i !== at && i !== at + 1), ipv6: stored.ipv6 };
}

function factsOf(dice: Random): RequestFacts {
  const { variables, address } = randomRequest(dice);
  const table = lookup<string>();
  for (let i = 0; i + 1 < variables.length; i += 2) {
    table[variables[i] ?? ""] = variables[i + 1] ?? "";
  }
  return { variable: (name) => table[name], number: (name) => plainNumber(table[name] ?? ""), clientAddress: () => address };
}

interface Answers {
  readonly parts: string[];
  refused: number;
  matched: number;
}

/** The matcher of a random policy, after everything on the way to it was noted; undefined where it is refused. */
function randomMatcher(dice: Random, answers: Answers): { matcher: Matcher; divtype: string } | undefined {
  const { text, salt } = randomPolicy(dice);
  const parsed = parseJson(text, noPause);
  if (!parsed.ok) {
    answers.parts.push(parsed.reason);
    return undefined;
  }
  const checked = checkPolicy(parsed.value, noForeign, noPause);
  if (!checked.ok) {
    answers.parts.push(`${checked.error.code} ${checked.error.desc}`);
    return undefined;
  }
  const { divtype, rules } = checked.value;
  const type = diversionTypes[divtype];
  if (rules.kind !== "builtin" || type === undefined) {
    return undefined;
  }
  const stored = damaged(dice, textsOfRules(rules.rules));
  answers.parts.push(printJson(parsed.value, noPause), stored.divdata.join(" "), stored.ipv6.join(" "));
  const builder = type.builder({ salt }, (stored.divdata.length + stored.ipv6.length) / 2);
  feed(builder, stored, dice.pick(["texts", "spans"]));
  const finished = builder.finish();
  if (!finished.ok) {
    answers.parts.push(finished.error.desc);
    return undefined;
  }
  return { matcher: finished.value, divtype };
}

function ask(dice: Random, matcher: Matcher, divtype: string, answers: Answers): void {
  const userinfo = randomUserinfo(dice, divtype);
  const facts = factsOf(dice);
  const upstream = matcher.match(userinfo, facts);
  const number = plainNumber(userinfo);
  const byNumber = matcher.matchNumber === undefined || number < 0 ? upstream : matcher.matchNumber(number);
  if (byNumber !== upstream) {
    throw new Error(`${divtype}: '${userinfo}' as a number goes to ${byNumber ?? "-"}, as a text to ${upstream ?? "-"}`);
  }
  const explained = matcher.explain(userinfo, facts);
  answers.matched += upstream === undefined ? 0 : 1;
  answers.parts.push(upstream ?? "-", explained.upstream ?? "-", explained.why);
}

/** A random text that is an address range, or nearly. */
function askRange(dice: Random, answers: Answers): void {
  const text = `${randomUserinfo(dice, "iprange")}${dice.pick(["", "-", "/"])}${dice.pick(["", randomUserinfo(dice, "iprange"), `${dice.below(140)}`])}`;
  const parsed = parseAddressRange(text);
  answers.parts.push(parsed.ok ? `${parsed.range.start}-${parsed.range.end}` : parsed.reason);
}

/**
 * Random policies and requests, one after the other, and a chained hash of every text and answer on the way: JSON read
 * and printed, refusals word by word, stored forms, upstreams, explanations.
 *
 * @param cases how many requests in all.
 */
export function differentialDigest(seed: number, cases: number): Digest {
  const dice = random(seed);
  let hash = 0;
  let asked = 0;
  let policies = 0;
  const counts = { refused: 0, matched: 0 };
  while (asked < cases) {
    const answers: Answers = { parts: [], refused: 0, matched: 0 };
    policies++;
    const made = randomMatcher(dice, answers);
    counts.refused += made === undefined ? 1 : 0;
    for (let i = 0; i < REQUESTS && made !== undefined && asked < cases; i++) {
      ask(dice, made.matcher, made.divtype, answers);
      asked++;
    }
    askRange(dice, answers);
    counts.matched += answers.matched;
    hash = plainMurmur2(`${hash}\n${utf8Bytes(answers.parts.join("\n"))}`);
  }
  return { cases: asked, policies, refused: counts.refused, matched: counts.matched, hash };
}

/** One line for comparing. */
export function digestText(digest: Digest): string {
  return `${digest.cases} cases, ${digest.policies} policies, ${digest.refused} refused, ${digest.matched} matched: ${digest.hash}`;
}
