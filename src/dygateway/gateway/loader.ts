import { printJson } from "../core/json/print.ts";
import { lookup, textSet } from "../core/lookup.ts";
import { createLoaderIndex } from "./loader_index.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Pause, Result } from "../core/result.ts";
import { success } from "../core/result.ts";
import type { StoreWork } from "../core/store/command.ts";
import type { Keys } from "../core/store/keys.ts";
import { levelManifest, manifestJson, runtimeManifest } from "../core/store/manifest.ts";
import type { LevelManifest, RulesPlace, RuntimeManifest } from "../core/store/manifest.ts";
import { readRuntimes } from "../core/store/runtime_reads.ts";
import type { StoredLevel, StoredRuntime } from "../core/store/runtime_reads.ts";
import type { PublishedRuntime } from "./shared_state.ts";
import { readManifest, readManifestText } from "./shared_state.ts";
import { chunksOf, deleteBlob, deleteOtherBlobs } from "./shared_rules.ts";
import { placeRules } from "./rules_writer.ts";
import type { PlacedRules } from "./rules_writer.ts";

/** Read in one pipeline: each round trip to Redis takes both sides longer than a runtime does. */
const RUNTIMES_A_STEP = 200;

/** The rules of one divdata key as this node holds them. */
interface HeldRules {
  readonly placed: PlacedRules | undefined;
  readonly problem: string | undefined;
}

/** What the leading worker knows of the state it has published, so that it publishes only what differs. */
export interface Loader {
  /** Hostnames that have a runtime in force. */
  readonly hostnames: (this: void) => string[];
  /** Forgets what is held of these divdata keys (undefined: of all), so that they are read again. */
  readonly forget: (this: void, divDataKeys: readonly string[] | undefined) => void;
  /** Hostnames whose runtime uses any of these divdata keys. */
  readonly users: (this: void, divDataKeys: readonly string[]) => string[];
  /** Reads these hostnames' runtimes and the rules they need. @returns those that differ from what is published. */
  readonly load: (this: void, hostnames: readonly string[]) => StoreWork<Result<PublishedRuntime[]>>;
  /** Takes note that a step was published. @returns blobs that nothing in force refers to any more. */
  readonly published: (this: void, changed: readonly PublishedRuntime[]) => RulesPlace[];
}

interface Known {
  readonly text: string;
  readonly manifest: RuntimeManifest;
}

/** Every hostname that has a runtime once these are published; undefined where that are the same as before. */
export function hostnamesAfter(
  before: readonly string[],
  changed: readonly PublishedRuntime[],
): string[] | undefined {
  const all = textSet([before]);
  let moved = false;
  for (const { hostname, manifest } of changed) {
    if ((all[hostname] === true) !== (manifest !== undefined)) {
      moved = true;
      if (manifest === undefined) {
        delete all[hostname];
      } else {
        all[hostname] = true;
      }
    }
  }
  return moved ? Object.keys(all) : undefined;
}

/** @param publishedHostnames those that have a manifest now. */
export function createLoader(keys: Keys, publishedHostnames: readonly string[], pause: Pause): Loader {
  const known: Lookup<Known> = lookup();
  const index = createLoaderIndex();
  const held: Lookup<HeldRules> = lookup();
  /** Manifests that were loaded and wait to be published. */
  const pending: Lookup<Known> = lookup();

  for (const hostname of publishedHostnames) {
    pause();
    const manifest = readManifest(hostname);
    const text = readManifestText(hostname);
    if (manifest !== undefined && text !== undefined) {
      known[hostname] = { manifest, text };
      index.add(manifest);
    }
  }
  // A leader that was killed while it loaded has left what nothing refers to.
  deleteOtherBlobs(index.isUsed, pause);

  /** @param previous where the rules of this key lay before. */
  function hold(divDataKey: string, placed: Result<PlacedRules>, previous: RulesPlace | undefined): HeldRules {
    if (!placed.ok) {
      return { placed: undefined, problem: placed.error.desc };
    }
    const { loaded, place } = placed.value;
    const same = previous?.digest === place.digest ? previous : index.place(divDataKey, place.digest);
    if (same !== undefined) {
      deleteBlob(place.blob, chunksOf(place));
      return { placed: { loaded, place: same }, problem: undefined };
    }
    return { placed: placed.value, problem: undefined };
  }

  /** Reads the rules of every divdata key that is not held yet. */
  function* holdAll(runtimes: readonly StoredRuntime[]): StoreWork<null> {
    const missing: string[] = [];
    const places: Lookup<RulesPlace> = lookup();
    for (const runtime of runtimes) {
      const levels = known[runtime.hostname]?.manifest.levels ?? [];
      for (const level of levels) {
        if (level.rules !== undefined) {
          places[level.divDataKey] = level.rules;
        }
      }
      for (const level of runtime.levels) {
        const key = level.divDataKey;
        if (key !== "" && held[key] === undefined && !missing.includes(key)) {
          missing.push(key);
        }
      }
    }
    if (missing.length > 0) {
      const results = yield* placeRules(missing, pause);
      for (let i = 0; i < missing.length; i++) {
        const key = missing[i]!;
        held[key] = hold(key, results[i]!, places[key]);
      }
    }
    return null;
  }

  function describe(level: StoredLevel): LevelManifest {
    const rules = held[level.divDataKey];
    const described = levelManifest(keys, level, rules?.placed?.loaded, rules?.problem);
    return described.problem === undefined && rules?.placed !== undefined
      ? { ...described, rules: rules.placed.place }
      : described;
  }

  function* loadPage(hostnames: readonly string[], changed: PublishedRuntime[]): StoreWork<null> {
    const reads = yield* readRuntimes(keys, hostnames);
    const runtimes: StoredRuntime[] = [];
    for (const read of reads) {
      if (read.ok && read.value !== undefined) {
        runtimes.push(read.value);
      }
    }
    yield* holdAll(runtimes);
    for (let i = 0; i < hostnames.length; i++) {
      pause();
      const hostname = hostnames[i]!;
      const manifest = runtimeManifest(hostname, reads[i]!, describe);
      const text = manifest === undefined ? undefined : printJson(manifestJson(manifest), pause);
      if (text !== known[hostname]?.text) {
        if (manifest !== undefined && text !== undefined) {
          pending[hostname] = { manifest, text };
        }
        changed.push({ hostname, manifest: text });
      }
    }
    return null;
  }

  function* load(hostnames: readonly string[]): StoreWork<Result<PublishedRuntime[]>> {
    const changed: PublishedRuntime[] = [];
    for (let start = 0; start < hostnames.length; start += RUNTIMES_A_STEP) {
      pause();
      yield* loadPage(hostnames.slice(start, start + RUNTIMES_A_STEP), changed);
    }
    return success(changed);
  }

  function published(changed: readonly PublishedRuntime[]): RulesPlace[] {
    const released: RulesPlace[] = [];
    const keysBefore: string[] = [];
    for (const { hostname, manifest } of changed) {
      const old = known[hostname];
      if (old !== undefined) {
        for (const level of old.manifest.levels) {
          keysBefore.push(level.divDataKey);
        }
        for (const place of index.remove(old.manifest)) {
          released.push(place);
        }
      }
      const next = pending[hostname];
      delete pending[hostname];
      if (manifest !== undefined && next !== undefined) {
        known[hostname] = next;
        index.add(next.manifest);
      } else {
        delete known[hostname];
      }
    }
    for (const key of keysBefore) {
      if (index.users(key).length === 0) {
        delete held[key];
      }
    }
    // What one runtime let go another, or its own successor, may have taken up.
    return released.filter((place) => !index.isUsed(place.blob));
  }

  return {
    hostnames: () => Object.keys(known),
    forget: (divDataKeys) => {
      for (const key of divDataKeys ?? Object.keys(held)) {
        delete held[key];
      }
    },
    users: (divDataKeys) => Object.keys(textSet(divDataKeys.map((key) => index.users(key)))),
    load,
    published,
  };
}
