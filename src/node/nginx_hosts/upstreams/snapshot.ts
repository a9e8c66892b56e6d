import { noPause } from "../../../dygateway/core/result.ts";
import { printConfBlock } from "../../../dygateway/core/upstream/conf_print.ts";
import { checkUpstreamName } from "../../../dygateway/core/upstream/name.ts";
import { parseStored } from "../../../dygateway/core/upstream/stored.ts";
import type { StoredUpstreams } from "../../store/stored_upstreams.ts";
import type { UpstreamSnapshot } from "./source.ts";

/**
 * Stored texts are not copied but read, and what they say is printed anew: nothing else can come with them into a
 * configuration. Somebody may have written them by hand.
 */
export function snapshotOf({ revision, bodies }: StoredUpstreams): UpstreamSnapshot {
  const [blocks, broken] = [new Map<string, string>(), new Map<string, string>()];
  for (const [name, text] of bodies) {
    const named = checkUpstreamName(name);
    const parsed = named.ok ? parseStored(text, noPause) : named;
    if (!parsed.ok) broken.set(name, parsed.error.desc);
    else if (parsed.value !== "removed") blocks.set(name, printConfBlock(name, parsed.value, undefined));
  }
  return { revision, blocks, broken };
}
