import { isDecimal } from "../decimal.ts";
import { divdataBroken } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import type { JsonValue } from "../json/value.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { codeAt } from "../native.ts";
import { failure, success } from "../result.ts";
import type { DiversionType, Explanation, MatcherBuilder } from "./diversion_type.ts";
import { checkKeyRules } from "./key_rules.ts";
import { isUpstreamName } from "./rule.ts";

const ZERO = 48;

/** Digits in the longest suffix: longer than any uid that ends in it is of no use. */
const MAX_SUFFIX_LENGTH = 20;

/**
 * One digit, as a number or a text, as ever. More digits only as a text: a number cannot say `"05"`, and clients of the
 * predecessor count on the number 11 being refused.
 */
function suffixOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === "number") {
    return value >= 0 && value <= 9 && Math.floor(value) === value ? `${value}` : undefined;
  }
  if (typeof value !== "string" || !isDecimal(value) || value.length > MAX_SUFFIX_LENGTH) {
    return undefined;
  }
  return value;
}

/** The suffix that decides: the longest of those in the rules. `lengths` are descending. */
function longestSuffix(userinfo: string, lengths: readonly number[], upstreams: Lookup<string>): string | undefined {
  for (const length of lengths) {
    if (length <= userinfo.length) {
      const suffix = userinfo.slice(userinfo.length - length);
      if (upstreams[suffix] !== undefined) {
        return suffix;
      }
    }
  }
  return undefined;
}

/** Where all suffixes have one digit, the last character's code finds its upstream: nothing is cut out of the uid. */
function lastDigitMatch(upstreams: Lookup<string>): (this: void, userinfo: string) => string | undefined {
  const byCode: (string | undefined)[] = [];
  for (let digit = 0; digit <= 9; digit++) {
    byCode[ZERO + digit] = upstreams[`${digit}`];
  }
  return /** @inlined */ (userinfo) => (isDecimal(userinfo) ? byCode[codeAt(userinfo, userinfo.length)] : undefined);
}

/** The same of a plain number. */
function lastDigitOfNumberMatch(upstreams: Lookup<string>): (this: void, userinfo: number) => string | undefined {
  const byDigit: (string | undefined)[] = [];
  for (let digit = 0; digit <= 9; digit++) {
    byDigit[digit] = upstreams[`${digit}`];
  }
  return /** @inlined */ (userinfo) => byDigit[userinfo % 10];
}

function suffixMatcherBuilder(): MatcherBuilder {
  const upstreams: Lookup<string> = lookup();
  const lengths: number[] = [];
  let problem: GatewayError | undefined;

  function explain(userinfo: string): Explanation {
    if (!isDecimal(userinfo)) {
      return { upstream: undefined, why: `'${userinfo}' is not a decimal uid` };
    }
    const suffix = longestSuffix(userinfo, lengths, upstreams);
    return suffix === undefined
      ? { upstream: undefined, why: `no rule for a suffix of '${userinfo}'` }
      : { upstream: upstreams[suffix], why: `suffix '${suffix}'` };
  }

  function longestMatch(userinfo: string): string | undefined {
    const suffix = isDecimal(userinfo) ? longestSuffix(userinfo, lengths, upstreams) : undefined;
    return suffix === undefined ? undefined : upstreams[suffix];
  }

  return {
    addDivdata: (key, value) => {
      if (!isDecimal(key) || !isUpstreamName(value)) {
        problem ??= divdataBroken(`suffix '${key}' → '${value}': decimal digits and an upstream's name are expected`);
        return;
      }
      upstreams[key] = value;
      if (!lengths.includes(key.length)) {
        lengths.push(key.length);
        lengths.sort((a, b) => b - a);
      }
    },
    addIpv6: () => {},
    finish: () => {
      if (problem !== undefined || lengths.length === 0) {
        return failure(problem ?? divdataBroken("there are no rules"));
      }
      return lengths[0] === 1
        ? success({ match: lastDigitMatch(upstreams), matchNumber: lastDigitOfNumberMatch(upstreams), explain })
        : success({ match: longestMatch, explain });
    },
  };
}

/** By the last digits of the uid; the longest suffix wins: `{"suffix":"3","upstream":"beta1"}`. */
export const uidsuffix: DiversionType = {
  divtype: "uidsuffix",
  parser: "uidParser",
  storage: "hash",
  takesUserinfo: true,
  check: (rules, pause) =>
    checkKeyRules(
      rules,
      "suffix",
      suffixOf,
      `suffix is not between [0 and 9]: a digit, or a text of up to ${MAX_SUFFIX_LENGTH} digits for a longer suffix,`,
      pause,
    ),
  builder: () => suffixMatcherBuilder(),
};
