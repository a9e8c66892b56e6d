import { diversionTypes } from "../diversion/index.ts";
import { upstreamOfPair } from "../diversion/upstreams_of_rules.ts";
import { lookup, sortedKeys } from "../lookup.ts";
import type { TextSet } from "../lookup.ts";
import type { Pause } from "../result.ts";
import { numberReply, textReply } from "./command.ts";
import type { Reply, StoreWork } from "./command.ts";
import { countCommand, readPairs } from "./divdata.ts";
import type { Keys } from "./keys.ts";
import { storageOf } from "./policy_reads.ts";

/** Field of a large policy's meta hash: how many entries it has, then the upstreams they lead to, one a line. */
export const UPSTREAMS_FIELD = "upstreams";
const PAIRS_A_SLICE = 512;
/** More upstreams than this are not kept beside a policy; who asks goes through its rules. */
const MOST_KEPT = 1000;

/**
 * What is kept beside a large policy, so that nobody has to go through a million rules to learn where they lead;
 * undefined where they lead to too many places.
 */
export function keptUpstreams(entries: number, upstreams: readonly string[]): string | undefined {
  return upstreams.length > MOST_KEPT ? undefined : [`${entries}`, ...upstreams].join("\n");
}

/** What was kept, where it is still of as many entries as the policy has: somebody may have written to it since. */
function readKept(kept: Reply | undefined, entries: number): string[] | undefined {
  const lines = (textReply(kept) ?? "").split("\n");
  return lines[0] === `${entries}` ? lines.slice(1) : undefined;
}

export interface LedTo {
  /** Whether the divtype is a built-in one; what the rules of others mean, only their modules know. */
  readonly isBuiltin: boolean;
  /** Sorted. */
  readonly upstreams: readonly string[];
}

/** The upstreams that a stored policy leads to; none where it cannot be read, which is for others to complain about. */
export function* readPolicyUpstreams(keys: Keys, id: string, pause: Pause): StoreWork<LedTo> {
  const [divtype, type, kept, ipv6Count] = yield [
    ["GET", keys.divtype(id)],
    ["TYPE", keys.divdata(id)],
    ["HGET", keys.policyMeta(id), UPSTREAMS_FIELD],
    countCommand(keys.divdataIpv6(id), "zset"),
  ];
  const isBuiltin = diversionTypes[textReply(divtype) ?? ""] !== undefined;
  const names: TextSet = lookup();
  const storage = storageOf(type);
  if (storage !== undefined) {
    const [count] = yield [countCommand(keys.divdata(id), storage)];
    const known = numberReply(ipv6Count) <= 0 ? readKept(kept, numberReply(count)) : undefined;
    if (known !== undefined) {
      return { isBuiltin, upstreams: known };
    }
    let taken = 0;
    yield* readPairs(keys.divdata(id), storage, count, (first, second) => {
      taken++;
      if (taken % PAIRS_A_SLICE === 0) {
        pause();
      }
      names[upstreamOfPair(storage, first, second)] = true;
    });
  }
  yield* readPairs(keys.divdataIpv6(id), "zset", ipv6Count, (member) => {
    names[upstreamOfPair("zset", member, "")] = true;
  });
  return { isBuiltin, upstreams: sortedKeys(names) };
}
