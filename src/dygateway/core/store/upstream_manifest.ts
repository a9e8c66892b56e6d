import { object } from "../json/value.ts";
import type { JsonObject } from "../json/value.ts";
import type { Pause } from "../result.ts";
import { checkUpstreamName } from "../upstream/name.ts";
import { printUpstreamBody } from "../upstream/print.ts";
import { parseStored } from "../upstream/stored.ts";

/** An upstream of the store as a node hands it from the worker that loads to all the others. */
export interface UpstreamManifest {
  readonly name: string;
  /** What is in force, in the printer's form; undefined where nothing is: it was removed, or never was usable. */
  readonly body?: string;
  /** A tombstone: a definition of this name in a node's own upstream.conf is not to count. */
  readonly removed?: boolean;
  /** Why what the store holds cannot be used; `body` is then what was in force before. */
  readonly problem?: string;
}

/**
 * What a stored text comes to. Somebody may have written it by hand.
 * @param lastGood the body that is in force; undefined where there is none.
 */
export function describeUpstream(name: string, stored: string, lastGood: string | undefined, pause: Pause): UpstreamManifest {
  const named = checkUpstreamName(name);
  const parsed = named.ok ? parseStored(stored, pause) : named;
  if (parsed.ok) {
    return parsed.value === "removed" ? { name, removed: true } : { name, body: printUpstreamBody(parsed.value, pause) };
  }
  const problem = parsed.error.desc;
  // nginx's own definition of the name, where a node has one, is served as long as nothing better is known.
  return lastGood === undefined ? { name, problem } : { name, body: lastGood, problem };
}

/** The manifest as JSON with its fields in a fixed order, so that equal manifests are equal texts. */
export function upstreamManifestJson(manifest: UpstreamManifest): JsonObject {
  return object([
    ["name", manifest.name],
    ["body", manifest.body],
    ["removed", manifest.removed],
    ["problem", manifest.problem],
  ]);
}
