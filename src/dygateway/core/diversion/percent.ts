import { divdataBroken, policyInvalid } from "../errors.ts";
import { field } from "../json/value.ts";
import type { JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { DiversionType, MatcherBuilder, StoredRules } from "./diversion_type.ts";
import { murmur3 } from "./hash.ts";
import { storeRanges } from "./range_rules.ts";
import type { RangeRule } from "./range_rules.ts";
import { rangeTableBuilder } from "./range_table.ts";
import { ruleObject } from "./rule.ts";

/** 0.01 % each. */
export const BUCKETS = 10000;

/** Fixed, so that the next version of a policy, which has another id, keeps every user where it was. */
const DEFAULT_SALT = "dygateway";

/** The bucket of a userinfo, 0 to 9999: the same on every node, in every runtime. */
export function bucketOf(salt: string, userinfo: string): number {
  return murmur3(`${salt}:${userinfo}`, 0) % BUCKETS;
}

/** The share in buckets, or -1 where it is no multiple of 0.01 from 0.01 to 100. */
function bucketsOf(value: JsonValue | undefined): number {
  if (typeof value !== "number") {
    return -1;
  }
  const buckets = Math.floor(value * 100 + 0.5);
  const exact = Math.abs(value * 100 - buckets) < 1e-6;
  return exact && buckets >= 1 && buckets <= BUCKETS ? buckets : -1;
}

function checkRules(rules: JsonValue[], pause: Pause): Result<StoredRules> {
  const ranges: RangeRule<number>[] = [];
  let taken = 0;
  for (let i = 0; i < rules.length; i++) {
    const checked = ruleObject(rules[i], i + 1, ["percent", "upstream"]);
    if (!checked.ok) {
      return checked;
    }
    const buckets = bucketsOf(field(checked.value.rule, "percent"));
    if (buckets < 0) {
      return failure(policyInvalid(i + 1, "percent invalid: a number from 0.01 to 100 in steps of 0.01 is expected"));
    }
    if (taken + buckets > BUCKETS) {
      return failure(policyInvalid(i + 1, "percent invalid: the rules add up to more than 100"));
    }
    ranges.push({ number: i + 1, start: taken, end: taken + buckets - 1, upstream: checked.value.upstream });
    taken += buckets;
  }
  return success({ divdata: storeRanges(ranges, pause), ipv6: [] });
}

function percentMatcherBuilder(salt: string, count: number): MatcherBuilder {
  const builder = rangeTableBuilder(count);
  return {
    addDivdata: builder.add,
    addIpv6: () => {},
    finish: () => {
      const finished = builder.finish();
      if (!finished.ok || count === 0) {
        return finished.ok ? failure(divdataBroken("there are no rules")) : finished;
      }
      const table = finished.value;
      return success({
        match: (userinfo) => (userinfo === "" ? undefined : table.find(bucketOf(salt, userinfo))),
        explain: (userinfo) => {
          const bucket = bucketOf(salt, userinfo);
          const upstream = userinfo === "" ? undefined : table.find(bucket);
          const place = `bucket ${bucket} of ${BUCKETS}`;
          return { upstream, why: upstream === undefined ? `${place}: beyond the rules' shares` : place };
        },
      });
    },
  };
}

/**
 * By a share of the users: `[{"percent":5,"upstream":"beta1"},…]`, steps of 0.01. A salted hash puts each userinfo into
 * one of 10,000 buckets; the rules take theirs from the first on, one after the other (as nginx's split_clients does),
 * so a share that grows keeps the users it had. Stored as ranges of buckets.
 */
export const percent: DiversionType = {
  divtype: "percent",
  parser: "uidParser",
  storage: "zset",
  takesUserinfo: true,
  check: (rules, pause) => checkRules(rules, pause),
  builder: (options, count) => percentMatcherBuilder(options.salt ?? DEFAULT_SALT, count),
};
