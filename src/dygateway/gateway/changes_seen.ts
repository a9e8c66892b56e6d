import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Keys } from "../core/store/keys.ts";

/** What was heard to have changed and is not read yet. */
export interface ChangesSeen {
  /** A key of the store was written, by whomever. */
  readonly key: (this: void, key: string) => void;
  readonly hostname: (this: void, hostname: string) => void;
  readonly policy: (this: void, policyId: string) => void;
  /** Any upstream: Redis does not say which field of their hash was written. */
  readonly upstreams: (this: void) => void;
  readonly everything: (this: void) => void;
  /** Hands over what was collected, and starts anew. */
  readonly take: (this: void) => Seen;
  /** Gives back what could not be dealt with. */
  readonly putBack: (this: void, seen: Seen) => void;
}

export interface Seen {
  readonly everything: boolean;
  readonly hostnames: readonly string[];
  readonly policyIds: readonly string[];
  readonly upstreams: boolean;
}

export function changesSeen(keys: Keys): ChangesSeen {
  let everything = true;
  let hostnames: Lookup<boolean> = lookup();
  let policyIds: Lookup<boolean> = lookup();
  let upstreams = false;
  return {
    key: (key) => {
      if (key === keys.upstreams) {
        upstreams = true;
        return;
      }
      const hostname = keys.hostnameOf(key);
      const policyId = hostname === undefined ? keys.policyIdOf(key) : undefined;
      if (hostname !== undefined) {
        hostnames[hostname] = true;
      } else if (policyId !== undefined) {
        policyIds[policyId] = true;
      }
    },
    hostname: (hostname) => {
      hostnames[hostname] = true;
    },
    policy: (policyId) => {
      policyIds[policyId] = true;
    },
    upstreams: () => {
      upstreams = true;
    },
    everything: () => {
      everything = true;
    },
    take: () => {
      const seen = { everything, hostnames: Object.keys(hostnames), policyIds: Object.keys(policyIds), upstreams };
      everything = false;
      hostnames = lookup();
      policyIds = lookup();
      upstreams = false;
      return seen;
    },
    putBack: (seen) => {
      everything = everything || seen.everything;
      upstreams = upstreams || seen.upstreams;
      for (const hostname of seen.hostnames) {
        hostnames[hostname] = true;
      }
      for (const policyId of seen.policyIds) {
        policyIds[policyId] = true;
      }
    },
  };
}
