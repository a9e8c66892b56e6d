import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { manifestName, manifestText } from "./manifest.ts";
import { pathOf, type Change, type Plan } from "./plan.ts";
import type { RenderedFile } from "./rendered_set.ts";
import { isThere, upstreamConf } from "./upstream_place.ts";
import { syncFolder, writeNew, writeSet } from "./write_set.ts";

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
  /** Afterwards the old file is both in place and in the workspace, or wherever its backup is to be. */
  const keep = (target: string, backup = join(workspace, "backup", String(backups++))): void => {
    if (isThere(target)) {
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
  const leftovers: string[] = [];
  /** For a file in another folder: what a rename needs lies beside it, as the folder may be on another disk. */
  const placeBeside = (file: RenderedFile, target: string): void => {
    const [aside, backup] = [`${target}.rendered`, `${target}.before`];
    for (const path of [aside, backup]) {
      fs.rmSync(path, { force: true });
      leftovers.push(path);
    }
    writeNew(aside, file.text, file.mode);
    keep(target, backup);
    disk.rename(aside, target);
  };
  const { place: upstreams } = plan;
  const placeUpstreams = (file: RenderedFile, target: string): void => {
    if (upstreams.file === target) {
      place(file.path, target);
      return;
    }
    placeBeside(file, upstreams.file);
    if (upstreams.link === null) return;
    fs.symlinkSync(upstreams.link, join(staged, "link"));
    place("link", target);
  };
  const carryOut = (change: Change): void => {
    const target = join(plan.directory, pathOf(change));
    if (change.kind === "removed") {
      keep(target);
      disk.remove(target);
    } else if (change.file.path === upstreamConf) {
      placeUpstreams(change.file, target);
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
  } finally {
    for (const path of leftovers) fs.rmSync(path, { force: true });
  }
  if (upstreams.leaves !== null) fs.rmSync(upstreams.leaves, { force: true });
  const targets = ["nginx.conf", ...changes.map(pathOf)].map((path) => join(plan.directory, path));
  for (const folder of new Set([...targets, upstreams.file].map((path) => dirname(path)))) syncFolder(folder);
}
