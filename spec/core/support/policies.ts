import type { Matcher, PolicyOptions } from "../../../src/dygateway/core/diversion/diversion_type.ts";
import { diversionTypes } from "../../../src/dygateway/core/diversion/index.ts";
import { checkPolicy } from "../../../src/dygateway/core/policy/policy.ts";
import type { CheckedPolicy, ForeignDivtypes } from "../../../src/dygateway/core/policy/policy.ts";
import { divtypeNeedsLua } from "../../../src/dygateway/core/errors.ts";
import { failure, noPause } from "../../../src/dygateway/core/result.ts";
import type { Result } from "../../../src/dygateway/core/result.ts";
import { defined, equal, fail } from "../../support/assert.ts";
import { feed } from "../../cases/feeding.ts";
import type { Way } from "../../cases/feeding.ts";
import { textsOfRules } from "../../cases/stored_texts.ts";
import type { StoredTexts } from "../../cases/stored_texts.ts";
import { json } from "./json.ts";
import { valueOf } from "./results.ts";

/** As in the command line: there are no third-party types. */
export const noForeign: ForeignDivtypes = {
  names: () => [],
  parser: () => undefined,
  check: (divtype) => failure(divtypeNeedsLua(divtype)),
};

/** @param rules JSON text of divdata. */
export function policyText(divtype: string, rules: string): string {
  return `{"divtype":"${divtype}","divdata":${rules}}`;
}

/** Checks a policy that is written as JSON text. */
export function checkText(text: string): Result<CheckedPolicy> {
  return checkPolicy(json(text), noForeign, noPause);
}

/** The stored form of rules that must be accepted. */
export function storedRules(divtype: string, rules: string): StoredTexts {
  const checked = valueOf(checkText(policyText(divtype, rules)));
  return checked.rules.kind === "builtin" ? textsOfRules(checked.rules.rules) : fail(`${divtype} is not built in`);
}

function compileFed(divtype: string, stored: StoredTexts, options: PolicyOptions, way: Way): Result<Matcher> {
  const type = defined(diversionTypes[divtype], `the type ${divtype}`);
  const builder = type.builder(options, (stored.divdata.length + stored.ipv6.length) / 2);
  feed(builder, stored, way);
  return builder.finish();
}

/** Compiles a stored form as a node does that reads it from Redis; in both ways, which must be refused alike. */
export function compileStored(divtype: string, stored: StoredTexts, options: PolicyOptions = {}, way: Way = "texts"): Result<Matcher> {
  const [texts, spans] = [compileFed(divtype, stored, options, "texts"), compileFed(divtype, stored, options, "spans")];
  equal(spans.ok ? "" : spans.error.desc, texts.ok ? "" : texts.error.desc, "refused as they lie in a text");
  return way === "texts" ? texts : spans;
}

/** What is wrong with stored pairs that somebody else wrote. */
export function compilePairs(divtype: string, divdata: string[], ipv6: string[] = []): Result<Matcher> {
  return compileStored(divtype, { divdata, ipv6 });
}

/** The matcher of rules that must be accepted: checked, stored, read back, compiled. */
export function matcherOf(divtype: string, rules: string, options: PolicyOptions = {}, way: Way = "texts"): Matcher {
  return valueOf(compileStored(divtype, storedRules(divtype, rules), options, way));
}

/** A policy of `count` stored pairs, as JSON text. @param divtype uidappoint, header or a type of ranges. */
export function largePolicy(divtype: string, count: number): string {
  const rules: string[] = [];
  for (let i = 0; i < count; i++) {
    if (divtype === "uidappoint") {
      rules.push(`"u${i}"`);
    } else if (divtype === "header") {
      rules.push(`{"name":"X-Env","value":"v${i}","upstream":"u${i % 7}"}`);
    } else if (i % 2 === 0) {
      rules.push(`{"range":{"start":${i * 5},"end":${i * 5 + 3}},"upstream":"u${i % 7}"}`);
    }
  }
  const divdata = divtype === "uidappoint" ? `[{"uidset":[${rules.join(",")}],"upstream":"a"}]` : `[${rules.join(",")}]`;
  return `{"divtype":"${divtype}","divdata":${divdata}}`;
}
