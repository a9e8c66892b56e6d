import { divdataBroken, policyInvalid } from "../errors.ts";
import { field, isObject } from "../json/value.ts";
import type { JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { doubles } from "../buffer.ts";
import { addressNumber, MAPPED_MIDDLE, readIpv6 } from "../userinfo/address.ts";
import { parseAddressRange } from "../userinfo/address_range.ts";
import type { AddressRange } from "../userinfo/address_range.ts";
import type { Explanation, DiversionType, MatcherBuilder, StoredRules } from "./diversion_type.ts";
import { ipv6Member, ipv6TableBuilder } from "./ipv6_table.ts";
import { numberBounds, sortRanges, storeRanges } from "./range_rules.ts";
import type { RangeRule } from "./range_rules.ts";
import { rangeTableBuilder } from "./range_table.ts";
import { ruleObject } from "./rule.ts";

const RULES_A_SLICE = 256;
const MAX_IPV4 = 4294967295;

function dotted(address: number): string {
  const high = Math.floor(address / 65536);
  return `${Math.floor(high / 256)}.${high % 256}.${Math.floor((address % 65536) / 256)}.${address % 256}`;
}

/** The range of a rule: as a text, or as {start, end} of two numbers (IPv4, as ever) or two addresses. */
function parseRange(value: JsonValue | undefined, rule: number): Result<AddressRange> {
  let text = typeof value === "string" ? value : undefined;
  if (isObject(value) && value.keys.length === 2) {
    const start = field(value, "start");
    const end = field(value, "end");
    if (typeof start === "string" && typeof end === "string") {
      text = `${start}-${end}`;
    }
  }
  if (text !== undefined) {
    const parsed = parseAddressRange(text);
    return parsed.ok ? success(parsed.range) : failure(policyInvalid(rule, `range invalid: ${parsed.reason}`));
  }
  const bounds = numberBounds(value, rule);
  if (!bounds.ok) {
    return bounds;
  }
  const { start, end } = bounds.value;
  if (end > MAX_IPV4) {
    return failure(policyInvalid(rule, `range invalid: an IPv4 address as a number ends at ${MAX_IPV4}`));
  }
  return success({ family: 4, start, end });
}

function checkRules(rules: JsonValue[], pause: Pause): Result<StoredRules> {
  const ipv4: RangeRule<number>[] = [];
  const ipv6: RangeRule<string>[] = [];
  for (let i = 0; i < rules.length; i++) {
    if (i % RULES_A_SLICE === 0) {
      pause();
    }
    const checked = ruleObject(rules[i], i + 1, ["range", "upstream"]);
    if (!checked.ok) {
      return checked;
    }
    const { rule, upstream } = checked.value;
    const parsed = parseRange(field(rule, "range"), i + 1);
    if (!parsed.ok) {
      return parsed;
    }
    const range = parsed.value;
    if (range.family === 4) {
      ipv4.push({ number: i + 1, start: range.start, end: range.end, upstream });
    } else {
      ipv6.push({ number: i + 1, start: range.start, end: range.end, upstream });
    }
  }
  const sorted4 = sortRanges(ipv4);
  if (!sorted4.ok) {
    return sorted4;
  }
  const sorted6 = sortRanges(ipv6);
  if (!sorted6.ok) {
    return sorted6;
  }
  const members: string[] = [];
  for (const range of sorted6.value) {
    members.push(ipv6Member(range.start, range.end, range.upstream), "0");
  }
  return success({ divdata: storeRanges(sorted4.value, pause), ipv6: members });
}

/** An IPv6 address that is being looked at, in three numbers. */
const given = doubles(3);

function addressMatcherBuilder(count: number): MatcherBuilder {
  const ipv4Builder = rangeTableBuilder(count);
  const ipv6Builder = ipv6TableBuilder();
  return {
    addDivdata: ipv4Builder.add,
    addIpv6: (member) => ipv6Builder.add(member),
    finish: () => {
      const ipv4Finished = ipv4Builder.finish();
      if (!ipv4Finished.ok) {
        return ipv4Finished;
      }
      const ipv6Finished = ipv6Builder.finish();
      if (!ipv6Finished.ok) {
        return ipv6Finished;
      }
      if (count === 0) {
        return failure(divdataBroken("there are no rules"));
      }
      const ipv4 = ipv4Finished.value;
      const ipv6 = ipv6Finished.value;

      /** @inlined */
      function match(userinfo: string): string | undefined {
        const address = addressNumber(userinfo);
        if (address >= 0) {
          const upstream = ipv4.find(address);
          return upstream;
        }
        if (!readIpv6(userinfo, given)) {
          return undefined;
        }
        const isMapped = given[0] === 0 && given[1] === MAPPED_MIDDLE;
        const upstream = isMapped ? ipv4.find(given[2]!) : ipv6.find(given);
        return upstream;
      }

      function explain(userinfo: string): Explanation {
        const upstream = match(userinfo);
        const plain = addressNumber(userinfo);
        const isIpv6 = plain < 0 && readIpv6(userinfo, given);
        const address = isIpv6 && given[0] === 0 && given[1] === MAPPED_MIDDLE ? given[2]! : plain;
        if (address < 0 && !isIpv6) {
          return { upstream, why: `'${userinfo}' is not an IP address` };
        }
        if (upstream === undefined) {
          return { upstream, why: `no range holds ${userinfo}` };
        }
        return { upstream, why: address >= 0 ? ipv4.describe(address, dotted) : ipv6.describe(given) };
      }

      return success({ match, explain });
    },
  };
}

/**
 * By ranges of the client's address, both ends included: `{"range":{"start":1111,"end":2222},"upstream":"beta1"}` with
 * IPv4 addresses as numbers, or `{"range":"10.0.0.0/8",…}`, `{"range":"10.0.0.1-10.0.0.9",…}`, and the same in IPv6.
 */
export const iprange: DiversionType = {
  divtype: "iprange",
  parser: "ipParser",
  storage: "zset",
  takesUserinfo: true,
  check: (rules, pause) => checkRules(rules, pause),
  builder: (_options, count) => addressMatcherBuilder(count),
};
