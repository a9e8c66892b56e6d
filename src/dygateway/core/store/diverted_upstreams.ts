import type { GatewayError } from "../errors.ts";
import { addressParts, parseServerAddress } from "../upstream/address.ts";
import { divertedNowhere } from "../upstream/edit_errors.ts";
import type { StoreWork } from "./command.ts";
import type { Keys } from "./keys.ts";
import { missingUpstreams } from "./upstream_reads.ts";
import type { StaticUpstreams } from "./upstream_reads.ts";

/** What the upstreams of a policy are checked against, where dynamic upstreams are set up at all. */
export interface UpstreamCheck {
  readonly statics: StaticUpstreams;
  /** The operator says that it is meant so. */
  readonly force: boolean;
}

/** Names that an error shows one by one. */
const MOST_NAMED = 10;

/** Whether nginx takes an upstream's name for an address that it can go to as it is. */
function isAddress(name: string): boolean {
  const address = parseServerAddress(name);
  return address.ok && addressParts(address.value).kind !== "name";
}

/**
 * Why a policy may not lead to these upstreams: some exist nowhere, and its requests would be answered with 502.
 *
 * @param check undefined where dynamic upstreams are not set up: then nobody knows which there are.
 * @returns undefined where there is nothing against them.
 */
export function* refuseUpstreams(
  keys: Keys,
  check: UpstreamCheck | undefined,
  names: readonly string[],
): StoreWork<GatewayError | undefined> {
  if (check === undefined || check.force) {
    return undefined;
  }
  const missing = yield* missingUpstreams(keys, check.statics, names.filter((name) => !isAddress(name)));
  if (!missing.ok) {
    return missing.error;
  }
  if (missing.value.length === 0) {
    return undefined;
  }
  const named = missing.value.slice(0, MOST_NAMED).map((name) => `'${name}'`);
  const more = missing.value.length - named.length;
  return divertedNowhere(named.join(", ") + (more > 0 ? ` and ${more} more` : ""));
}
