import type { RuntimeManifest } from "../core/store/manifest.ts";

/*
 * Tables outside Lua's heap that this worker has replaced: the collector does not see how large they are, and would let them lie.
 */

/** Entries of rules, since the last `endRelease`. */
let entries = 0;
const MANY_ENTRIES = 10_000;
/** Points on the rings of consistent hashes, of all steps since the collector was through. */
let points = 0;
const MANY_POINTS = 500_000;
/** Entries since machine code was thrown away: about 12 bytes each. */
let namedEntries = 0;
const MOST_NAMED_ENTRIES = 200_000;

export function releaseRules(manifest: RuntimeManifest | undefined): void {
  for (const level of manifest?.levels ?? []) {
    entries += (level.rules?.entries ?? 0) + (level.rules?.ipv6Entries ?? 0);
  }
}

export function releasePoints(count: number): void {
  points += count;
}

/**
 * Machine code names the tables that it was made for, and keeps them from being collected: of policies of a million uids
 * that replace each other two would stay beside the one in force. It is made anew within some hundred requests.
 */
function forgetMachineCode(): void {
  namedEntries += entries;
  if (namedEntries > MOST_NAMED_ENTRIES) {
    namedEntries = 0;
    jit.flush();
  }
}

/** To be called after a step. @returns whether what was released is worth a collection of its own. */
export function endRelease(): boolean {
  forgetMachineCode();
  const isMuch = entries > MANY_ENTRIES || points > MANY_POINTS;
  entries = 0;
  if (points > MANY_POINTS) {
    points = 0;
  }
  return isMuch;
}
