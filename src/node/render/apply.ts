import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { manifestName, manifestText } from "./manifest.ts";
import { pathOf, type Change, type Plan } from "./plan.ts";
import { writeSet } from "./write_set.ts";

/** What `applyPlan` does to the output directory, replaceable so that tests can let any step fail. */
export interface Disk {
  rename(from: string, to: string): void;
  link(from: string, to: string): void;
  remove(path: string): void;
}

export const realDisk: Disk = {
  rename: (from, to) => fs.renameSync(from, to),
  link: (from, to) => fs.linkSync(from, to),
  remove: (path) => fs.rmSync(path, { force: true }),
};

/**
 * Puts the changed files of a plan in place, each by one rename; files that stay the same are not touched.
 *
 * When a step fails, what was done is undone and the error thrown: the directory is as before. A kill between two
 * renames leaves whole files, some new and some old. What others refer to comes first (settings and upstreams before
 * hosts, nginx.conf last, removals after it), and the next run completes the change; a running nginx notices none of
 * it until it is told to reload.
 */
export function applyPlan(plan: Plan, workspace: string, disk: Disk = realDisk): void {
  const changes = plan.changes.filter((change) => change.kind !== "unchanged");
  const wanted = plan.changes.filter((change) => change.kind !== "removed").map(pathOf);
  const manifest = (path: string, files: readonly string[]) => ({ path, text: manifestText(files), mode: 0o644 });
  const staged = join(workspace, "staged");
  writeSet(staged, [
    ...changes.flatMap((change) => (change.kind === "removed" ? [] : [change.file])),
    manifest("manifest-before", [...plan.owned, ...wanted]),
    manifest("manifest-after", wanted),
  ]);
  fs.mkdirSync(join(workspace, "backup"));
  fs.mkdirSync(join(plan.directory, "vhosts"), { recursive: true });

  const undo: (() => void)[] = [];
  let backups = 0;
  /** Afterwards the old file is both in place and in the workspace. */
  const keep = (target: string): void => {
    const backup = join(workspace, "backup", String(backups++));
    if (fs.existsSync(target)) {
      disk.link(target, backup);
      undo.push(() => fs.renameSync(backup, target));
    } else {
      undo.push(() => fs.rmSync(target, { force: true }));
    }
  };
  const place = (from: string, target: string): void => {
    keep(target);
    disk.rename(join(staged, from), target);
  };
  const carryOut = (change: Change): void => {
    const target = join(plan.directory, pathOf(change));
    if (change.kind === "removed") {
      keep(target);
      disk.remove(target);
    } else {
      place(change.file.path, target);
    }
  };

  const manifestFile = join(plan.directory, manifestName);
  try {
    place("manifest-before", manifestFile);
    for (const change of changes) carryOut(change);
    place("manifest-after", manifestFile);
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
  for (const folder of new Set(["nginx.conf", ...changes.map(pathOf)].map((path) => dirname(join(plan.directory, path))))) {
    syncFolder(folder);
  }
}

/** A rename is on disk when its folder is. */
function syncFolder(folder: string): void {
  const descriptor = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
