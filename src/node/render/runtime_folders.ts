import { chmodSync, chownSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { upstreamsFolderOf } from "../config/model.ts";
import type { Config } from "../config/schema.ts";
import { accountOf, isRoot } from "./accounts.ts";
import type { Site } from "./site.ts";
import { workersOf } from "./upstream_place.ts";

export const folderMissing = (folder: string, reason: string): string =>
  `note: ${folder} is not there and cannot be made (${reason}); make it before nginx starts`;

/**
 * Makes the folders without which nginx would not start, where they are missing; nothing that is there is changed.
 * The workers write to the folders of the snapshot and, where no process of root's does it for them, of upstream.conf, so
 * these are theirs. Returns what to tell the operator.
 */
export function makeRuntimeFolders(config: Config, site: Site): string[] {
  const { run, logs, snapshot } = config.paths;
  const writers = workersOf(config, site);
  return [
    { folder: run, mode: 0o755, owner: null },
    { folder: logs, mode: 0o755, owner: null },
    { folder: snapshot, mode: 0o750, owner: site.workerUser },
    ...(writers === null ? [] : [{ folder: upstreamsFolderOf(config), mode: 0o755, owner: writers }]),
  ].flatMap(({ folder, mode, owner }) => {
    if (existsSync(folder)) return [];
    try {
      // The workers have to get to their folder: only that one is closed to others.
      mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
      mkdirSync(folder);
      chmodSync(folder, mode);
      const account = owner === null || !isRoot() ? null : accountOf(owner);
      if (account !== null) chownSync(folder, account.uid, account.gid);
      return [`made ${folder}`];
    } catch (error) {
      return [folderMissing(folder, error instanceof Error ? error.message : String(error))];
    }
  });
}
