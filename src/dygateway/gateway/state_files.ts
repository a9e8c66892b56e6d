import { manifestJson } from "../core/store/manifest.ts";
import type { RulesPlace, RuntimeManifest } from "../core/store/manifest.ts";
import { upstreamManifestJson } from "../core/store/upstream_manifest.ts";
import { printJson } from "../core/json/print.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { noPause } from "../core/result.ts";
import { eachLine, exists } from "./files.ts";
import { logError, logInfo, logNotice, logWarning } from "./log.ts";
import { readSavedState } from "./saved_state.ts";
import type { SavedState } from "./saved_state.ts";
import { chunksOf, deleteBlob, newBlobName, writeChunk } from "./shared_rules.ts";
import { publish } from "./shared_state.ts";
import type { PublishedRuntime } from "./shared_state.ts";

/**
 * The last good state on disk, so that a node that starts without Redis serves what it served before.
 *
 *   state            what is in force, see saved_state.ts
 *   state.previous   the one before, for the day on which `state` cannot be read
 *   rules-<digest>   the rules of one policy, a chunk a line; the digest is over the chunks, so the name is the checksum
 *
 * Each file is written aside and renamed; one that is cut off, damaged or of another format is recognised and left
 * alone.
 */

export function rulesFile(dir: string, digest: string): string {
  return `${dir}/rules-${digest}`;
}

/** Puts the rules of a file into the shared dict. @returns their place, or undefined where the file is not usable. */
function restoreRules(dir: string, rules: RulesPlace, places: Lookup<RulesPlace>): RulesPlace | undefined {
  const known = places[rules.digest];
  if (known !== undefined) {
    return known;
  }
  const path = rulesFile(dir, rules.digest);
  const blob = newBlobName();
  let digest = "";
  let chunks = 0;
  let problem: string | undefined;
  eachLine(path, (line) => {
    digest = ngx.md5(digest + line);
    problem ??= writeChunk(blob, chunks, line);
    chunks++;
  });
  if (problem !== undefined || chunks !== chunksOf(rules) || digest !== rules.digest) {
    logError(`${path} is not used: ${problem ?? "it is missing, damaged or cut off"}`);
    deleteBlob(blob, chunks);
    if (problem === undefined) {
      // It would be taken for the right one, by its name, when these rules are saved again.
      os.remove(path);
    }
    return undefined;
  }
  const place = { ...rules, blob };
  places[rules.digest] = place;
  return place;
}

function restoreManifest(dir: string, manifest: RuntimeManifest, places: Lookup<RulesPlace>): RuntimeManifest {
  const levels = manifest.levels.map((level) => {
    if (level.rules === undefined) {
      return level;
    }
    const { rules, ...rest } = level;
    const place = restoreRules(dir, rules, places);
    return place === undefined ? { ...rest, problem: "its rules in the local snapshot are damaged" } : { ...rest, rules: place };
  });
  return { ...manifest, levels };
}

function readUsableState(dir: string): SavedState | undefined {
  const path = `${dir}/state`;
  const saved = readSavedState(path);
  if (saved !== undefined) {
    return saved;
  }
  const before = readSavedState(`${path}.previous`);
  if (before !== undefined && !exists(path)) {
    logWarning(`${path} is missing: the one before is used`);
  }
  return before;
}

/** Publishes the last good state from disk. Called before the workers are there, when the shared dict is empty. */
export function restoreState(dir: string): void {
  const saved = readUsableState(dir);
  if (saved === undefined) {
    // A first start finds the folder, empty.
    const log = exists(dir) ? logInfo : logWarning;
    log(`there is no usable snapshot in ${dir}: requests go to their default upstreams until Redis was read`);
    return;
  }
  const { position, manifests, upstreams } = saved;
  const places: Lookup<RulesPlace> = lookup();
  const runtimes: PublishedRuntime[] = [];
  for (const manifest of manifests) {
    const restored = restoreManifest(dir, manifest, places);
    runtimes.push({ hostname: manifest.hostname, manifest: printJson(manifestJson(restored), noPause) });
  }
  const step = {
    runtimes,
    hostnames: manifests.map((manifest) => manifest.hostname),
    upstreams: upstreams.map((manifest) => ({ name: manifest.name, manifest: printJson(upstreamManifestJson(manifest), noPause) })),
    upstreamNames: upstreams.map((manifest) => manifest.name),
  };
  publish(step, position);
  const held = upstreams.length === 0 ? "" : ` and ${upstreams.length} upstreams`;
  logNotice(`serving revision ${position.revision} with ${runtimes.length} runtimes${held} from the snapshot in ${dir}`);
}
