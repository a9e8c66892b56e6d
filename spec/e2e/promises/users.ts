import type { BackendName } from "../support/backends.ts";

/** Who sends a request. */
export interface User {
  readonly uid: number;
  readonly ip: string;
}

/** A level as the admin interface takes it, and whom it sends where. */
export interface Level {
  readonly policy: object;
  readonly match: (user: User) => BackendName | undefined;
}

/** Where everybody belongs while something is in force. */
export type Expected = (user: User) => BackendName;

const UIDS_IN = 5_000_000;
const UIDS_OUT = 7_000_000;
const UIDS = 1_000_000;
const NETWORK = 10 * 2 ** 24;

/**
 * User number n, unlike every other below a million. Last digits, being in the range of uids and in the network are
 * independent of each other, so any forty in a row have everybody that three levels can tell apart.
 */
export function user(n: number): User {
  const isInRange = Math.floor(n / 10) % 2 === 0;
  const isInNetwork = Math.floor(n / 20) % 2 === 0;
  const host = `${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  return { uid: (isInRange ? UIDS_IN : UIDS_OUT) + (n % UIDS), ip: `${isInNetwork ? 10 : 11}.${host}` };
}

/** Last digits 1 and 2. */
export function bySuffix(one: BackendName, two: BackendName = one): Level {
  return {
    policy: { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: one }, { suffix: 2, upstream: two }] },
    match: ({ uid }) => (uid % 10 === 1 ? one : uid % 10 === 2 ? two : undefined),
  };
}

export function byRange(upstream: BackendName): Level {
  return {
    policy: { divtype: "uidrange", divdata: [{ range: { start: UIDS_IN, end: UIDS_IN + UIDS - 1 }, upstream }] },
    match: ({ uid }) => (uid < UIDS_IN + UIDS ? upstream : undefined),
  };
}

export function byNetwork(upstream: BackendName): Level {
  return {
    policy: { divtype: "iprange", divdata: [{ range: { start: NETWORK, end: NETWORK + 2 ** 24 - 1 }, upstream }] },
    match: ({ ip }) => (ip.startsWith("10.") ? upstream : undefined),
  };
}

/** The first level with a match decides. */
export function expecting(levels: readonly Level[]): Expected {
  return (who) => {
    for (const level of levels) {
      const upstream = level.match(who);
      if (upstream !== undefined) {
        return upstream;
      }
    }
    return "stable";
  };
}

/** Three levels that send everybody whom they match to different upstreams. */
export const threeLevels: readonly Level[] = [bySuffix("beta1", "beta2"), byRange("beta3"), byNetwork("beta4")];

/** The same users elsewhere: at every level another upstream than `threeLevels`. */
export const otherLevels: readonly Level[] = [bySuffix("beta2", "beta1"), byRange("beta4"), byNetwork("beta3")];
