import { plainNumberIn } from "../decimal.ts";
import { divdataBroken, policyInvalid } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { arrayLength, field, isAnyArray, openArray } from "../json/value.ts";
import type { JsonArray, JsonObject } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { allNames } from "./all_names.ts";
import type { DiversionType, MatcherBuilder, StoredRules } from "./diversion_type.ts";
import { isUpstreamName, ruleObject, uidOf } from "./rule.ts";
import { noPairs } from "./stored_pairs.ts";
import type { StoredPairs } from "./stored_pairs.ts";
import { uidSet } from "./uid_set.ts";
import type { UidSet } from "./uid_set.ts";
import { uidTable } from "./uid_table.ts";
import { upstreamNames } from "./upstream_names.ts";

const KEYS = ["uidset", "upstream"];
const UIDS_A_SLICE = 256;

/** The pairs of rules that were checked: read anew, since a million uids cost least as the text that they came in. */
function pairsOfRules(rules: JsonArray, count: number): StoredPairs {
  return {
    count,
    open: (pause) => {
      const nextRule = openArray(rules, pause);
      let nextUid = nextRule;
      let upstream = "";
      let left = 0;
      let taken = 0;
      return (into, most) => {
        const end = Math.min(count, taken + most);
        while (taken < end) {
          if (left === 0) {
            const rule = nextRule() as JsonObject;
            const uidset = field(rule, "uidset") as JsonArray;
            upstream = field(rule, "upstream") as string;
            left = arrayLength(uidset);
            nextUid = openArray(uidset, pause);
          }
          into.push(uidOf(nextUid())!);
          into.push(upstream);
          left--;
          taken++;
        }
      };
    },
  };
}

function checkUids(rules: JsonArray, seen: UidSet, pause: Pause): Result<StoredRules> {
  const nextRule = openArray(rules, pause);
  const names = allNames();
  const ruleCount = arrayLength(rules);
  let count = 0;
  for (let number = 1; number <= ruleCount; number++) {
    const checked = ruleObject(nextRule(), number, KEYS);
    if (!checked.ok) {
      return checked;
    }
    names.number(checked.value.upstream);
    const uidset = field(checked.value.rule, "uidset");
    const uids = isAnyArray(uidset) ? arrayLength(uidset) : 0;
    if (!isAnyArray(uidset) || uids === 0) {
      return failure(policyInvalid(number, "uidset invalid: a list of uids is expected"));
    }
    const nextUid = openArray(uidset, pause);
    for (let n = 1; n <= uids; n++) {
      if (n % UIDS_A_SLICE === 0) {
        pause();
      }
      const value = nextUid();
      const problem = seen.take(value, count);
      if (problem === "invalid") {
        return failure(policyInvalid(number, `uid ${n} of uidset invalid: a whole number from 0 or a text is expected`));
      }
      if (problem === "twice") {
        return failure(policyInvalid(number, `uid '${uidOf(value)!}' is appointed twice`));
      }
      count++;
    }
  }
  return success({ divdata: pairsOfRules(rules, count), ipv6: noPairs, upstreams: names.sorted() });
}

function checkRules(rules: JsonArray, pause: Pause): Result<StoredRules> {
  const seen = uidSet(pairsOfRules(rules, Infinity), pause);
  const checked = checkUids(rules, seen, pause);
  seen.free();
  return checked;
}

function uidMatcherBuilder(count: number, pause: Pause | undefined): MatcherBuilder {
  const names = upstreamNames();
  const table = uidTable(count, pause);
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

  /** 0 for an upstream that nginx cannot take. */
  function numberOf(upstream: string): number {
    return names.isKnown(upstream) || isUpstreamName(upstream) ? names.number(upstream) : 0;
  }

  function addDivdata(uid: string, upstream: string): void {
    const number = numberOf(upstream);
    if (number === 0) {
      problem ??= divdataBroken(`uid '${uid}' names the upstream '${upstream}', which nginx cannot take`);
      return;
    }
    table.put(uid, number);
    rules++;
  }

  return {
    addDivdata,
    addSpan: (text, key, keyEnd, value, valueEnd) => {
      const upstream = text.slice(value, valueEnd);
      const uid = plainNumberIn(text, key, keyEnd);
      const number = uid < 0 ? 0 : numberOf(upstream);
      if (number === 0) {
        addDivdata(text.slice(key, keyEnd), upstream);
        return;
      }
      table.putNumber(uid, number);
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
  builder: (_options, count, pause) => uidMatcherBuilder(count, pause),
};
