import { isIPv6 } from "node:net";

const windowMs = 60_000;
const mostAddresses = 10_000;

interface Count {
  readonly since: number;
  failures: number;
}

/**
 * Counts requests without a valid token, by address and minute. A valid token is always let in: chance cannot guess one,
 * and otherwise anybody behind the same address could lock the operators out.
 */
export class FailureLimit {
  readonly #perMinute: number;
  readonly #counts = new Map<string, Count>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Counts a failure. Returns the seconds to wait where there were too many, else 0. */
  failed(address: string, nowMs: number): number {
    const key = isIPv6(address) && !address.startsWith("::ffff:") ? networkOf(address) : address;
    const known = this.#counts.get(key);
    if (known === undefined || nowMs - known.since >= windowMs) {
      this.#counts.delete(key);
      this.#counts.set(key, { since: nowMs, failures: 1 });
      const oldest = this.#counts.size > mostAddresses ? this.#counts.keys().next().value : undefined;
      if (oldest !== undefined) this.#counts.delete(oldest);
      return 0;
    }
    known.failures += 1;
    return known.failures <= this.#perMinute ? 0 : Math.ceil((known.since + windowMs - nowMs) / 1000);
  }
}

/** A client of IPv6 has a whole /64 of addresses. */
function networkOf(address: string): string {
  const [head = "", tail = ""] = address.split("::");
  const groups = head.split(":");
  const missing = address.includes("::") ? 8 - groups.length - tail.split(":").length : 0;
  return [...groups, ...Array.from({ length: Math.max(0, missing) }, () => "0")].slice(0, 4).join(":");
}
