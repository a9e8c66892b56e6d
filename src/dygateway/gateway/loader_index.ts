import { lookup } from "../core/lookup.ts";
import type { Lookup, TextSet } from "../core/lookup.ts";
import type { RulesPlace, RuntimeManifest } from "../core/store/manifest.ts";

/** Which runtimes use which rules, kept up by what comes and goes, so that a change among thousands stays small. */
export interface LoaderIndex {
  readonly add: (this: void, manifest: RuntimeManifest) => void;
  /** @returns the rules whose last user this was. */
  readonly remove: (this: void, manifest: RuntimeManifest) => RulesPlace[];
  /** Hostnames whose runtimes use a divdata key. */
  readonly users: (this: void, divDataKey: string) => string[];
  /** The place of these very rules, where a runtime uses them. */
  readonly place: (this: void, divDataKey: string, digest: string) => RulesPlace | undefined;
  readonly isUsed: (this: void, blob: string) => boolean;
}

export function createLoaderIndex(): LoaderIndex {
  const hostnames: Lookup<TextSet> = lookup();
  /** How many levels use a blob. */
  const blobs: Lookup<number> = lookup();
  const places: Lookup<RulesPlace> = lookup();

  const placeKey = (divDataKey: string, digest: string): string => `${digest} ${divDataKey}`;

  return {
    add: (manifest) => {
      for (const { divDataKey, rules } of manifest.levels) {
        const users = hostnames[divDataKey] ?? lookup<boolean>();
        users[manifest.hostname] = true;
        hostnames[divDataKey] = users;
        if (rules !== undefined) {
          blobs[rules.blob] = (blobs[rules.blob] ?? 0) + 1;
          places[placeKey(divDataKey, rules.digest)] = rules;
        }
      }
    },
    remove: (manifest) => {
      const unused: RulesPlace[] = [];
      for (const { divDataKey, rules } of manifest.levels) {
        const users = hostnames[divDataKey];
        if (users !== undefined) {
          delete users[manifest.hostname];
          if (Object.keys(users).length === 0) {
            delete hostnames[divDataKey];
          }
        }
        const uses = rules === undefined ? undefined : blobs[rules.blob];
        if (rules !== undefined && uses !== undefined) {
          blobs[rules.blob] = uses - 1;
          if (uses === 1) {
            delete blobs[rules.blob];
            delete places[placeKey(divDataKey, rules.digest)];
            unused.push(rules);
          }
        }
      }
      return unused;
    },
    users: (divDataKey) => Object.keys(hostnames[divDataKey] ?? lookup<boolean>()),
    place: (divDataKey, digest) => places[placeKey(divDataKey, digest)],
    isUsed: (blob) => blobs[blob] !== undefined,
  };
}
