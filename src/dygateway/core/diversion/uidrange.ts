import { integerText, parseDecimal } from "../decimal.ts";
import { divdataBroken } from "../errors.ts";
import { field } from "../json/value.ts";
import type { JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { DiversionType, MatcherBuilder, StoredRules } from "./diversion_type.ts";
import { numberBounds, sortRanges, storeRanges } from "./range_rules.ts";
import type { RangeRule } from "./range_rules.ts";
import { rangeTableBuilder } from "./range_table.ts";
import { ruleObject } from "./rule.ts";

const RULES_A_SLICE = 256;

function checkRules(rules: JsonValue[], pause: Pause): Result<StoredRules> {
  const ranges: RangeRule<number>[] = [];
  for (let i = 0; i < rules.length; i++) {
    if (i % RULES_A_SLICE === 0) {
      pause();
    }
    const checked = ruleObject(rules[i], i + 1, ["range", "upstream"]);
    if (!checked.ok) {
      return checked;
    }
    const bounds = numberBounds(field(checked.value.rule, "range"), i + 1);
    if (!bounds.ok) {
      return bounds;
    }
    const { start, end } = bounds.value;
    ranges.push({ number: i + 1, start, end, upstream: checked.value.upstream });
  }
  const sorted = sortRanges(ranges);
  return sorted.ok ? success({ divdata: storeRanges(sorted.value, pause), ipv6: [] }) : sorted;
}

function uidRangeBuilder(count: number): MatcherBuilder {
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
  builder: (_options, count) => uidRangeBuilder(count),
};
