import type { HealthCheck } from "./model.ts";

/** What is known of a peer from its active checks; immutable. */
export interface PeerHealth {
  readonly up: boolean;
  /** When it changed sides, or was first known; seconds since 1970. */
  readonly since: number;
  /** Results in a row that speak against `up`. */
  readonly against: number;
  /** When it was checked last; 0: not yet. */
  readonly checked: number;
  /** Why the last check failed; "" after a success. */
  readonly reason: string;
}

/** A peer that has not been checked yet. */
export function newHealth(check: HealthCheck, now: number): PeerHealth {
  return { up: check.initial === "up", since: now, against: 0, checked: 0, reason: "" };
}

/**
 * What is known after one more check.
 *
 * @param problem why the check failed; "" for a success.
 */
export function judge(health: PeerHealth, problem: string, check: HealthCheck, now: number): PeerHealth {
  const speaksForIt = (problem === "") === health.up;
  if (speaksForIt) {
    return { ...health, against: 0, checked: now, reason: problem };
  }
  const against = health.against + 1;
  const needed = health.up ? check.fall : check.rise;
  if (against < needed) {
    // A peer that is down keeps the reason for that until it is up.
    return { ...health, against, checked: now, reason: health.up ? problem : health.reason };
  }
  return { up: !health.up, since: now, against: 0, checked: now, reason: problem };
}

/** For the log: who changed sides, and why. */
export function changeText(upstream: string, address: string, health: PeerHealth, check: HealthCheck): string {
  const who = `upstream '${upstream}': ${address}`;
  if (health.up) {
    return `${who} is up after ${countOf(check.rise, "successful check")}`;
  }
  return `${who} is down after ${countOf(check.fall, "failed check")}: ${health.reason}`;
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
