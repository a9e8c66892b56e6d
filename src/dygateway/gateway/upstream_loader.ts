import { printJson } from "../core/json/print.ts";
import { lookup, sortedKeys, textSet } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { noPause, success } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import { isError, listReply, textReply } from "../core/store/command.ts";
import type { Reply, StoreWork } from "../core/store/command.ts";
import type { Keys } from "../core/store/keys.ts";
import { describeUpstream, upstreamManifestJson } from "../core/store/upstream_manifest.ts";
import type { UpstreamManifest } from "../core/store/upstream_manifest.ts";
import { readUpstream, readUpstreamText } from "./shared_upstreams.ts";
import type { PublishedUpstream } from "./shared_upstreams.ts";

/** Upstreams in one reply of the store: a long one would be taken apart without a pause. */
const NAMES_A_REPLY = 100;

/** What the leading worker knows of the upstreams it has published, so that it publishes only what differs. */
export interface UpstreamLoader {
  /** Names that have a manifest in force. */
  readonly names: (this: void) => string[];
  /** Reads these upstreams, or all of them. @returns those that differ from what is published. */
  readonly load: (this: void, names: readonly string[] | undefined) => StoreWork<Result<PublishedUpstream[]>>;
  /** Why the last reading failed as a whole; "" where it did not. What was in force stays. */
  readonly problem: (this: void) => string;
  /** Takes note that a step was published. */
  readonly published: (this: void, changed: readonly PublishedUpstream[]) => void;
}

interface Known {
  /** What the store holds; undefined where that was not read in this process. */
  readonly stored: string | undefined;
  readonly text: string;
  readonly manifest: UpstreamManifest;
}

/** Every name that has a manifest once these are published; undefined where they are the same as before. */
export function upstreamNamesAfter(
  before: readonly string[],
  changed: readonly PublishedUpstream[],
): string[] | undefined {
  const all = textSet([before]);
  let moved = false;
  for (const { name, manifest } of changed) {
    moved = moved || (all[name] === true) !== (manifest !== undefined);
    if (manifest === undefined) {
      delete all[name];
    } else {
      all[name] = true;
    }
  }
  return moved ? sortedKeys(all) : undefined;
}

/** @param publishedNames those that have a manifest now. */
export function createUpstreamLoader(keys: Keys, publishedNames: readonly string[], pause: Pause): UpstreamLoader {
  const known: Lookup<Known> = lookup();
  /** What was loaded and waits to be published. */
  const pending: Lookup<Known> = lookup();
  let problem = "";

  for (const name of publishedNames) {
    pause();
    const manifest = readUpstream(name);
    const text = readUpstreamText(name);
    if (manifest !== undefined && text !== undefined) {
      known[name] = { stored: undefined, manifest, text };
    }
  }

  function take(name: string, stored: string | undefined, changed: PublishedUpstream[]): void {
    const before = known[name];
    if (stored === undefined) {
      if (before !== undefined) {
        changed.push({ name, manifest: undefined });
      }
      return;
    }
    if (before !== undefined && before.stored === stored) {
      return;
    }
    const manifest = describeUpstream(name, stored, before?.manifest.body, pause);
    const text = printJson(upstreamManifestJson(manifest), noPause);
    const next = { stored, text, manifest };
    if (before?.text === text) {
      known[name] = next;
    } else {
      pending[name] = next;
      changed.push({ name, manifest: text });
    }
  }

  function refused(reply: Reply | undefined): boolean {
    problem = isError(reply) ? `${keys.upstreams}: ${reply.message}` : "";
    return isError(reply);
  }

  function* loadAll(changed: PublishedUpstream[]): StoreWork<boolean> {
    const seen: Lookup<boolean> = lookup();
    let cursor = "0";
    do {
      const [reply] = yield [["HSCAN", keys.upstreams, cursor, "COUNT", `${NAMES_A_REPLY}`]];
      if (refused(reply)) {
        return false;
      }
      const [next, pairs] = listReply(reply);
      const items = listReply(pairs);
      for (let i = 0; i + 1 < items.length; i += 2) {
        pause();
        const name = textReply(items[i]) ?? "";
        // A scan may name a field twice while the hash grows.
        if (seen[name] !== true) {
          seen[name] = true;
          take(name, textReply(items[i + 1]), changed);
        }
      }
      cursor = textReply(next) ?? "0";
    } while (cursor !== "0");
    for (const name of Object.keys(known)) {
      if (seen[name] !== true) {
        changed.push({ name, manifest: undefined });
      }
    }
    return true;
  }

  function* load(names: readonly string[] | undefined): StoreWork<Result<PublishedUpstream[]>> {
    const changed: PublishedUpstream[] = [];
    for (const name of Object.keys(pending)) {
      delete pending[name];
    }
    if (names === undefined) {
      const read = yield* loadAll(changed);
      return success(read ? changed : []);
    }
    for (let start = 0; start < names.length; start += NAMES_A_REPLY) {
      const some = names.slice(start, start + NAMES_A_REPLY);
      const [reply] = yield [["HMGET", keys.upstreams, ...some]];
      if (refused(reply)) {
        return success([]);
      }
      const bodies = listReply(reply);
      for (let i = 0; i < some.length; i++) {
        pause();
        take(some[i]!, textReply(bodies[i]), changed);
      }
    }
    return success(changed);
  }

  return {
    names: () => Object.keys(known),
    load,
    problem: () => problem,
    published: (changed) => {
      for (const { name, manifest } of changed) {
        const next = pending[name];
        delete pending[name];
        if (manifest === undefined) {
          delete known[name];
        } else if (next !== undefined) {
          known[name] = next;
        }
      }
    },
  };
}
