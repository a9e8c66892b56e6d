import { divdataBroken, policyInvalid } from "../errors.ts";
import { arrayLength, field, openArray } from "../json/value.ts";
import type { JsonArray, JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { allNames } from "./all_names.ts";
import type { DiversionType, MatcherBuilder, StoredRules } from "./diversion_type.ts";
import { murmur2 } from "./hash.ts";
import { rangeRules } from "./range_rules.ts";
import { rangeTableBuilder } from "./range_table.ts";
import { ruleObject } from "./rule.ts";
import { noPairs } from "./stored_pairs.ts";

const KEYS = ["percent", "upstream"];
/** Steps of 0.01 % in all of it. */
const STEPS = 10000;
const MAX_HASH = 4294967295;

/** Fixed, so that the next version of a policy, which has another id, keeps every user where it was. */
const DEFAULT_SALT = "dygateway:";

/** The share in steps, or -1 where it is no multiple of 0.01 from 0.01 to 100. */
function stepsOf(value: JsonValue | undefined): number {
  if (typeof value !== "number") {
    return -1;
  }
  const steps = Math.floor(value * 100 + 0.5);
  const exact = Math.abs(value * 100 - steps) < 1e-6;
  return exact && steps >= 1 && steps <= STEPS ? steps : -1;
}

function checkRules(rules: JsonArray, pause: Pause): Result<StoredRules> {
  const count = arrayLength(rules);
  const names = allNames();
  const ranges = rangeRules(count, names);
  const nextRule = openArray(rules, pause);
  let taken = 0;
  let start = 0;
  for (let i = 0; i < count; i++) {
    const checked = ruleObject(nextRule(), i + 1, KEYS);
    if (!checked.ok) {
      return checked;
    }
    const steps = stepsOf(field(checked.value.rule, "percent"));
    if (steps < 0) {
      return failure(policyInvalid(i + 1, "percent invalid: a number from 0.01 to 100 in steps of 0.01 is expected"));
    }
    taken += steps;
    if (taken > STEPS) {
      return failure(policyInvalid(i + 1, "percent invalid: the rules add up to more than 100"));
    }
    // split_clients' own arithmetic, but for the very last hash, which belongs to whoever completes the 100 %.
    const next = taken === STEPS ? MAX_HASH + 1 : start + Math.floor((steps * MAX_HASH) / STEPS);
    ranges.add(i + 1, start, next - 1, checked.value.upstream);
    start = next;
  }
  const divdata = ranges.finish(pause);
  return divdata.ok ? success({ divdata: divdata.value, ipv6: noPairs, upstreams: names.sorted() }) : divdata;
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
      const hashOf = /** @inlined */ (userinfo: string): number => {
        const hash = murmur2(salt + userinfo);
        return hash;
      };
      return success({
        match: /** @inlined */ (userinfo) => {
          const upstream = userinfo === "" ? undefined : table.find(hashOf(userinfo));
          return upstream;
        },
        explain: (userinfo) => {
          const hash = hashOf(userinfo);
          const upstream = userinfo === "" ? undefined : table.find(hash);
          const place = `'${userinfo}' lies at ${Math.floor((hash / (MAX_HASH + 1)) * STEPS) / 100} %`;
          return { upstream, why: upstream === undefined ? `${place}, beyond the rules' shares` : place };
        },
      });
    },
  };
}

/**
 * By a share of the users: `[{"percent":5,"upstream":"beta1"},…]`, steps of 0.01. A salted hash puts each userinfo at
 * a place between 0 and 100 %; the rules take their shares from 0 on, one after the other, so a share that grows keeps
 * the users it had. It is `split_clients "<salt><userinfo>"` of nginx, user by user. Stored as ranges of the hash.
 */
export const percent: DiversionType = {
  divtype: "percent",
  parser: "uidParser",
  storage: "zset",
  takesUserinfo: true,
  check: (rules, pause) => checkRules(rules, pause),
  builder: (options, count) => percentMatcherBuilder(options.salt ?? DEFAULT_SALT, count),
};
