import { isIpv4 } from "./dns_config.ts";

/** What is known of a name; immutable. */
export interface DnsRecord {
  /** IP addresses in byte order, without brackets: a server that rotates its answers changes nothing. */
  readonly addresses: readonly string[];
  /** When `addresses` were last confirmed; 0: never. Seconds since 1970. */
  readonly confirmed: number;
  /** When to ask again. */
  readonly next: number;
  /** Lookups in a row that failed. */
  readonly failures: number;
  /** Why the last lookup failed; "" after a success. */
  readonly problem: string;
}

/** The answer for one family of addresses. */
export interface FamilyAnswer {
  readonly addresses: readonly string[];
  /** Seconds; the shortest of the records. */
  readonly ttl: number;
  /** Why there is no answer; "" where there is one, be it empty. */
  readonly problem: string;
}

const MIN_TTL_SECONDS = 1;
const MAX_TTL_SECONDS = 300;
const FIRST_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 30;

export const unknownName: DnsRecord = { addresses: [], confirmed: 0, next: 0, failures: 0, problem: "not looked up yet" };

function failed(previous: DnsRecord, problem: string, now: number): DnsRecord {
  const failures = previous.failures + 1;
  const doubled = FIRST_RETRY_SECONDS * 2 ** Math.min(failures - 1, 10);
  return { ...previous, next: now + Math.min(doubled, MAX_RETRY_SECONDS), failures, problem };
}

/**
 * What is known after a lookup. One that fails keeps the addresses that were known, and so does a family that could not
 * be asked for while the other could.
 */
export function afterLookup(previous: DnsRecord, v4: FamilyAnswer, v6: FamilyAnswer, now: number): DnsRecord {
  if (v4.addresses.length + v6.addresses.length === 0) {
    const problem = v4.problem !== "" ? v4.problem : v6.problem;
    return failed(previous, problem !== "" ? problem : "it has no addresses", now);
  }
  const addresses: string[] = [];
  const add = (address: string): void => {
    if (!addresses.includes(address)) {
      addresses.push(address);
    }
  };
  for (const family of [v4, v6]) {
    for (const address of family.addresses) {
      add(address);
    }
  }
  for (const address of previous.addresses) {
    if ((isIpv4(address) ? v4 : v6).problem !== "") {
      add(address);
    }
  }
  addresses.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const answered = [v4, v6].filter((family) => family.addresses.length > 0);
  const ttl = Math.min(...answered.map((family) => family.ttl), MAX_TTL_SECONDS);
  return {
    addresses,
    confirmed: now,
    next: now + Math.max(ttl, MIN_TTL_SECONDS),
    failures: 0,
    problem: "",
  };
}

export function sameAddresses(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((address, i) => address === b[i]);
}
