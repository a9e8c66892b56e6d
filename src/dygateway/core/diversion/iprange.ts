import { divdataBroken, policyInvalid } from "../errors.ts";
import { arrayLength, field, isObject, openArray } from "../json/value.ts";
import type { JsonArray, JsonValue } from "../json/value.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { doubles } from "../buffer.ts";
import { addressNumber, MAPPED_MIDDLE, readIpv6 } from "../userinfo/address.ts";
import { parseAddressRange } from "../userinfo/address_range.ts";
import type { AddressRange } from "../userinfo/address_range.ts";
import { allNames } from "./all_names.ts";
import type { Explanation, DiversionType, MatcherBuilder, StoredRules } from "./diversion_type.ts";
import { ipv6Member, ipv6TableBuilder } from "./ipv6_table.ts";
import { numberBounds, rangeRules, sharesValues } from "./range_rules.ts";
import { rangeTableBuilder } from "./range_table.ts";
import { ruleObject } from "./rule.ts";
import { sortedOrder } from "./sorted_order.ts";
import { pairsInMemory } from "./stored_pairs.ts";
import type { StoredPairs } from "./stored_pairs.ts";

const KEYS = ["range", "upstream"];
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

/** IPv6 ranges by their number from 0; they are far fewer than of IPv4. */
interface Ipv6Rule {
  readonly number: number;
  readonly start: string;
  readonly end: string;
  readonly upstream: string;
}

/** The members of IPv6 ranges, in the order of their starts. */
function storeIpv6(rules: readonly Ipv6Rule[], pause: Pause): Result<StoredPairs> {
  const order = sortedOrder(rules.length, (rule, other) => rules[rule]!.start > rules[other]!.start, pause);
  const members: string[] = [];
  for (let i = 0; i < rules.length; i++) {
    if (i % RULES_A_SLICE === 0) {
      pause();
    }
    const rule = rules[order[i]!]!;
    const before = i === 0 ? undefined : rules[order[i - 1]!]!;
    if (before !== undefined && rule.start <= before.end) {
      return failure(sharesValues(rule.number, before.number));
    }
    members.push(ipv6Member(rule.start, rule.end, rule.upstream));
    members.push("0");
  }
  return success(pairsInMemory(members));
}

function checkRules(rules: JsonArray, pause: Pause): Result<StoredRules> {
  const count = arrayLength(rules);
  const names = allNames();
  const ipv4 = rangeRules(count, names);
  const ipv6: Ipv6Rule[] = [];
  const next = openArray(rules, pause);
  for (let number = 1; number <= count; number++) {
    if (number % RULES_A_SLICE === 0) {
      pause();
    }
    const checked = ruleObject(next(), number, KEYS);
    if (!checked.ok) {
      return checked;
    }
    const { rule, upstream } = checked.value;
    const parsed = parseRange(field(rule, "range"), number);
    if (!parsed.ok) {
      return parsed;
    }
    const range = parsed.value;
    if (range.family === 4) {
      ipv4.add(number, range.start, range.end, upstream);
    } else {
      names.number(upstream);
      ipv6.push({ number, start: range.start, end: range.end, upstream });
    }
  }
  const divdata = ipv4.finish(pause);
  if (!divdata.ok) {
    return divdata;
  }
  const beside = storeIpv6(ipv6, pause);
  return beside.ok ? success({ divdata: divdata.value, ipv6: beside.value, upstreams: names.sorted() }) : beside;
}

/** An IPv6 address that is being looked at, in three numbers. */
const given = doubles(3);

function addressMatcherBuilder(count: number, pause?: Pause): MatcherBuilder {
  const ipv4Builder = rangeTableBuilder(count, pause);
  const ipv6Builder = ipv6TableBuilder();
  return {
    addDivdata: ipv4Builder.add,
    addSpan: ipv4Builder.addSpan,
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
  builder: (_options, count, pause) => addressMatcherBuilder(count, pause),
};
