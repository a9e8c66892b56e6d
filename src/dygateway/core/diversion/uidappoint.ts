import { divdataBroken, policyInvalid } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { field, isArray, isObject } from "../json/value.ts";
import type { JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { DiversionType, MatcherBuilder, StoredRules } from "./diversion_type.ts";
import { isUpstreamName, ruleObject, uidOf } from "./rule.ts";
import { uidTable } from "./uid_table.ts";
import { upstreamNames } from "./upstream_names.ts";

const UIDS_A_SLICE = 256;

/** How many uids the rules name in all; a rule that names none is refused later. */
function countUids(rules: JsonValue[]): number {
  let count = 0;
  for (const rule of rules) {
    const uidset = isObject(rule) ? field(rule, "uidset") : undefined;
    count += isArray(uidset) ? uidset.length : 0;
  }
  return count;
}

function checkRules(rules: JsonValue[], pause: Pause): Result<StoredRules> {
  const pairs: string[] = [];
  // A plain table of a million uids would hold up requests each time it grows.
  const seen = uidTable(countUids(rules));
  for (let i = 0; i < rules.length; i++) {
    const checked = ruleObject(rules[i], i + 1, ["uidset", "upstream"]);
    if (!checked.ok) {
      return checked;
    }
    const uidset = field(checked.value.rule, "uidset");
    if (!isArray(uidset) || uidset.length === 0) {
      return failure(policyInvalid(i + 1, "uidset invalid: a list of uids is expected"));
    }
    for (let n = 0; n < uidset.length; n++) {
      if (n % UIDS_A_SLICE === 0) {
        pause();
      }
      const uid = uidOf(uidset[n]);
      if (uid === undefined) {
        return failure(
          policyInvalid(i + 1, `uid ${n + 1} of uidset invalid: a whole number from 0 or a text is expected`),
        );
      }
      if (seen.get(uid) !== 0) {
        return failure(policyInvalid(i + 1, `uid '${uid}' is appointed twice`));
      }
      seen.put(uid, 1);
      pairs.push(uid, checked.value.upstream);
    }
  }
  return success({ divdata: pairs, ipv6: [] });
}

function uidMatcherBuilder(count: number): MatcherBuilder {
  const names = upstreamNames();
  const table = uidTable(count);
  let rules = 0;
  let problem: GatewayError | undefined;

  /** @inlined */
  function match(userinfo: string): string | undefined {
    const number = table.get(userinfo);
    const upstream = number === 0 ? undefined : names.name(number);
    return upstream;
  }

  /** @inlined */
  function matchNumber(userinfo: number): string | undefined {
    const number = table.getNumber(userinfo);
    const upstream = number === 0 ? undefined : names.name(number);
    return upstream;
  }

  return {
    addDivdata: (uid, upstream) => {
      const number = isUpstreamName(upstream) ? names.number(upstream) : 0;
      if (number === 0) {
        problem ??= divdataBroken(`uid '${uid}' names the upstream '${upstream}', which nginx cannot take`);
        return;
      }
      table.put(uid, number);
      rules++;
    },
    addIpv6: () => {},
    finish: () => {
      if (problem !== undefined || rules === 0) {
        return failure(problem ?? divdataBroken("there are no rules"));
      }
      return success({
        match,
        matchNumber,
        explain: (userinfo) => {
          const upstream = match(userinfo);
          return {
            upstream,
            why: upstream === undefined ? `uid '${userinfo}' is not appointed` : `uid '${userinfo}' is appointed`,
          };
        },
      });
    },
  };
}

/**
 * By a list of uids, numbers or texts, compared as text: `{"uidset":[1234,"a3f0-…"],"upstream":"beta1"}`.
 */
export const uidappoint: DiversionType = {
  divtype: "uidappoint",
  parser: "uidParser",
  storage: "hash",
  takesUserinfo: true,
  check: (rules, pause) => checkRules(rules, pause),
  builder: (_options, count) => uidMatcherBuilder(count),
};
