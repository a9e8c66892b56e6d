import { integerText, parseDecimal } from "../decimal.ts";
import { divdataBroken } from "../errors.ts";
import { arrayLength, field, openArray } from "../json/value.ts";
import type { JsonArray } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { allNames } from "./all_names.ts";
import type { DiversionType, MatcherBuilder, StoredRules } from "./diversion_type.ts";
import { numberBounds, rangeRules } from "./range_rules.ts";
import { rangeTableBuilder } from "./range_table.ts";
import { ruleObject } from "./rule.ts";
import { noPairs } from "./stored_pairs.ts";

const KEYS = ["range", "upstream"];
const RULES_A_SLICE = 256;

function checkRules(rules: JsonArray, pause: Pause): Result<StoredRules> {
  const count = arrayLength(rules);
  const names = allNames();
  const ranges = rangeRules(count, names);
  const next = openArray(rules, pause);
  for (let number = 1; number <= count; number++) {
    if (number % RULES_A_SLICE === 0) {
      pause();
    }
    const checked = ruleObject(next(), number, KEYS);
    if (!checked.ok) {
      return checked;
    }
    const bounds = numberBounds(field(checked.value.rule, "range"), number);
    if (!bounds.ok) {
      return bounds;
    }
    ranges.add(number, bounds.value.start, bounds.value.end, checked.value.upstream);
  }
  const divdata = ranges.finish(pause);
  return divdata.ok ? success({ divdata: divdata.value, ipv6: noPairs, upstreams: names.sorted() }) : divdata;
}

function uidRangeBuilder(count: number, pause?: Pause): MatcherBuilder {
  const builder = rangeTableBuilder(count, pause);
  return {
    addDivdata: builder.add,
    addSpan: builder.addSpan,
    addIpv6: () => {},
    finish: () => {
      const finished = builder.finish();
      if (!finished.ok || count === 0) {
        return finished.ok ? failure(divdataBroken("there are no rules")) : finished;
      }
      const table = finished.value;

      /** @inlined */
      function match(userinfo: string): string | undefined {
        const uid = parseDecimal(userinfo);
        const upstream = uid < 0 ? undefined : table.find(uid);
        return upstream;
      }

      return success({
        match,
        matchNumber: table.find,
        explain: (userinfo) => {
          const upstream = match(userinfo);
          if (upstream !== undefined) {
            return { upstream, why: table.describe(parseDecimal(userinfo), integerText) };
          }
          const why = parseDecimal(userinfo) < 0 ? `'${userinfo}' is not a decimal uid` : `no range holds ${userinfo}`;
          return { upstream, why };
        },
      });
    },
  };
}

/** By ranges of uids, both ends included: `{"range":{"start":1111,"end":2222},"upstream":"beta1"}`. */
export const uidrange: DiversionType = {
  divtype: "uidrange",
  parser: "uidParser",
  storage: "zset",
  takesUserinfo: true,
  check: (rules, pause) => checkRules(rules, pause),
  builder: (_options, count, pause) => uidRangeBuilder(count, pause),
};
