import { lookup, sortedKeys } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { foldedName } from "../upstream/name.ts";
import { together } from "./command.ts";
import type { StoreWork } from "./command.ts";
import type { Keys } from "./keys.ts";
import { readPolicyUpstreams } from "./policy_upstreams.ts";
import { decodeRuntime, listHostnames } from "./runtime_reads.ts";
import type { RuntimeUse } from "./runtime_reads.ts";

const RUNTIMES_A_STEP = 50;
const POLICIES_A_STEP = 20;
/** Hostnames that an error names one by one. */
const MOST_NAMED = 20;

/** The policies in force for each hostname, by their ids. */
function* policiesInForce(keys: Keys, pause: Pause): StoreWork<Result<RuntimeUse[]>> {
  const hostnames = yield* listHostnames(keys);
  if (!hostnames.ok) {
    return hostnames;
  }
  const found: RuntimeUse[] = [];
  for (let start = 0; start < hostnames.value.length; start += RUNTIMES_A_STEP) {
    pause();
    const page = hostnames.value.slice(start, start + RUNTIMES_A_STEP);
    const replies = yield page.map((hostname) => ["MGET", ...keys.runtime(hostname)]);
    for (let i = 0; i < page.length; i++) {
      const runtime = decodeRuntime(page[i]!, replies[i]);
      const policyIds: string[] = [];
      for (const level of (runtime.ok ? runtime.value?.levels : undefined) ?? []) {
        const id = keys.policyIdOf(level.divDataKey);
        if (id !== undefined && !policyIds.includes(id)) {
          policyIds.push(id);
        }
      }
      found.push({ hostname: page[i]!, policyIds });
    }
  }
  return success(found);
}

/** Hostnames whose runtimes lead to an upstream, and the policies that do. */
export function* usesOfUpstream(keys: Keys, name: string, pause: Pause): StoreWork<Result<RuntimeUse[]>> {
  const inForce = yield* policiesInForce(keys, pause);
  if (!inForce.ok) {
    return inForce;
  }
  const leads: Lookup<boolean> = lookup();
  for (const use of inForce.value) {
    for (const id of use.policyIds) {
      leads[id] = false;
    }
  }
  // nginx takes names that differ in case only for one.
  const folded = foldedName(name);
  const ids = sortedKeys(leads);
  for (let start = 0; start < ids.length; start += POLICIES_A_STEP) {
    const page = ids.slice(start, start + POLICIES_A_STEP);
    const read = yield* together(page.map((id) => readPolicyUpstreams(keys, id, pause)));
    for (let i = 0; i < page.length; i++) {
      leads[page[i]!] = read[i]!.upstreams.some((upstream) => foldedName(upstream) === folded);
    }
  }
  const uses: RuntimeUse[] = [];
  for (const { hostname, policyIds } of inForce.value) {
    const using = policyIds.filter((id) => leads[id] === true);
    if (using.length > 0) {
      uses.push({ hostname, policyIds: using });
    }
  }
  return success(uses);
}

/** The ids of the policies, each once. */
export function usedPolicyIds(uses: readonly RuntimeUse[]): string {
  const ids: Lookup<boolean> = lookup();
  for (const use of uses) {
    for (const id of use.policyIds) {
      ids[id] = true;
    }
  }
  return sortedKeys(ids).join(",");
}

/** Who uses it, in words: each hostname with its policies. */
export function describeUpstreamUse(uses: readonly RuntimeUse[]): string {
  const named = uses.slice(0, MOST_NAMED).map((use) => `the runtime of ${use.hostname} (policy ${use.policyIds.join(", ")})`);
  const more = uses.length - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
