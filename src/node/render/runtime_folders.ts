import { chownSync, existsSync, mkdirSync } from "node:fs";
import type { Config } from "../config/schema.ts";
import { accountOf } from "./accounts.ts";
import type { Site } from "./site.ts";

export const folderMissing = (folder: string, reason: string): string =>
  `note: ${folder} is not there and cannot be made (${reason}); make it before nginx starts`;

/**
 * Makes the folders without which nginx would not start, where they are missing; nothing that is there is changed.
 * The workers write to the snapshot folder, so it is theirs. Returns what to tell the operator.
 */
export function makeRuntimeFolders(config: Config, site: Site): string[] {
  const { run, logs, snapshot } = config.paths;
  return [
    { folder: run, mode: 0o755, owner: null },
    { folder: logs, mode: 0o755, owner: null },
    { folder: snapshot, mode: 0o750, owner: site.workerUser },
  ].flatMap(({ folder, mode, owner }) => {
    if (existsSync(folder)) return [];
    try {
      mkdirSync(folder, { recursive: true, mode });
      const account = owner === null || process.getuid?.() !== 0 ? null : accountOf(owner);
      if (account !== null) chownSync(folder, account.uid, account.gid);
      return [`made ${folder}`];
    } catch (error) {
      return [folderMissing(folder, error instanceof Error ? error.message : String(error))];
    }
  });
}
