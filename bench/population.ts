/**
 * Who stands in the rules, and how many. Made up by arithmetic, so that the request generator of wrk
 * (load/requests.lua) knows the same users without being told each; the two files must agree.
 */
export interface Population {
  /** Appointed one by one: level 1. */
  readonly uids: number;
  /** Ranges of other uids: level 2. */
  readonly uidRanges: number;
  /** Ranges of IPv4 addresses: level 3. */
  readonly ipRanges: number;
}

/** The sizes times `scale`. */
export function population(scale: number): Population {
  const sized = (whole: number): number => Math.max(10, Math.round(whole * scale));
  return { uids: sized(1_000_000), uidRanges: sized(10_000), ipRanges: sized(100_000) };
}

/** All uids have ten digits. Irregular gaps, as those of a real list. */
export function appointedUid(index: number): number {
  return 1_000_000_000 + index * 997 + ((index * 7919) % 997);
}

const firstRangedUid = 3_000_000_000;
const uidRangeStep = 100_000;
const uidRangeLength = 50_000;

/** 11.0.0.0 as a number; ranges and gaps take turns from there. */
const firstRangedIp = 184_549_376;
const ipRangeStep = 2048;
const ipRangeLength = 1024;

/** A uid that no rule names and no range holds. */
export function otherUid(index: number): number {
  return 5_000_000_000 + ((index * 611_953) % 1_000_000_000);
}

export function rangedUid(range: number, offset: number): number {
  return firstRangedUid + range * uidRangeStep + (offset % uidRangeLength);
}

export function rangedIp(range: number, offset: number): string {
  return dotted(firstRangedIp + range * ipRangeStep + (offset % ipRangeLength));
}

/** An address in the gap behind a range. */
export function otherIp(range: number, offset: number): string {
  return dotted(firstRangedIp + range * ipRangeStep + ipRangeLength + (offset % ipRangeLength));
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join(".");
}

/** The upstreams of the three levels of a group; a request that none of them takes goes to `stable`. */
export type GroupUpstreams = readonly [appointed: string, uidRange: string, ipRange: string];
export const firstGroup: GroupUpstreams = ["beta1", "beta2", "beta3"];
/** The same users elsewhere: what the first is replaced by. */
export const secondGroup: GroupUpstreams = ["beta4", "beta5", "beta6"];

/** The body of policy_set for level 1. */
export function appointPolicy(people: Population, upstream: string): string {
  const uids = Array.from({ length: people.uids }, (_, index) => appointedUid(index));
  return `{"divtype":"uidappoint","divdata":[{"uidset":[${uids.join(",")}],"upstream":"${upstream}"}]}`;
}

/** The body of policygroup_set: three levels. */
export function groupBody(people: Population, [appointed, uidRange, ipRange]: GroupUpstreams): string {
  const range = (first: number, step: number, length: number, upstream: string) => (_: unknown, index: number): string => {
    const start = first + index * step;
    return `{"range":{"start":${start},"end":${start + length - 1}},"upstream":"${upstream}"}`;
  };
  const uidRules = Array.from({ length: people.uidRanges }, range(firstRangedUid, uidRangeStep, uidRangeLength, uidRange));
  const ipRules = Array.from({ length: people.ipRanges }, range(firstRangedIp, ipRangeStep, ipRangeLength, ipRange));
  return `{"1":${appointPolicy(people, appointed)},
"2":{"divtype":"uidrange","divdata":[${uidRules.join(",")}]},
"3":{"divtype":"iprange","divdata":[${ipRules.join(",")}]}}`;
}

/** One level, by the last digit: four digits of ten are diverted. */
export const suffixPolicy = JSON.stringify({
  divtype: "uidsuffix",
  divdata: [["1", "beta1"], ["3", "beta2"], ["5", "beta3"], ["7", "beta1"]].map(([suffix, upstream]) => ({ suffix, upstream })),
});
