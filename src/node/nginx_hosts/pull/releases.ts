import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { digestOf, type FinishedFile } from "../finished.ts";
import { isFilePath } from "../tree/names.ts";

/**
 * The folder of a machine's trees:
 *
 *     releases/<digest>/…   whole trees, never changed once they are there
 *     current               a link to the one nginx is to read
 *     previous              a link to the one before
 *     reload-needed         there while nginx may not have read `current`
 */
export interface Releases {
  readonly root: string;
  readonly current: string;
  readonly reloadNeeded: string;
}

export const releasesIn = (root: string): Releases => ({
  root,
  current: join(root, "current"),
  reloadNeeded: join(root, "reload-needed"),
});

const releaseName = /^[0-9a-f]{64}(?:\.[0-9]{1,3})?$/;

/** The digest of the tree in place, computed from its files; undefined where there is none or it was edited. */
export function digestInPlace({ current }: Releases): string | undefined {
  const name = targetOf(current);
  if (name === undefined) return undefined;
  const files = filesIn(current);
  const digest = files === undefined ? undefined : digestOf(files);
  return digest === name.slice(0, 64) ? digest : undefined;
}

function targetOf(link: string): string | undefined {
  try {
    const name = basename(fs.readlinkSync(link));
    return releaseName.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Every file below a folder; undefined where something there is no file of a tree. */
function filesIn(folder: string): FinishedFile[] | undefined {
  const files: FinishedFile[] = [];
  try {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
      if (entry.isDirectory()) continue;
      if (!entry.isFile() || !isFilePath(path)) return undefined;
      files.push({ path, text: fs.readFileSync(join(folder, path), "utf8") });
    }
  } catch {
    return undefined;
  }
  return files;
}

/** Writes a tree into a new folder beside the releases, down to the disk. */
export function stage({ root }: Releases, files: readonly FinishedFile[]): string {
  fs.mkdirSync(join(root, "releases"), { recursive: true, mode: 0o755 });
  const folder = fs.mkdtempSync(join(root, "releases", ".incoming-"));
  fs.chmodSync(folder, 0o755);
  const folders = new Set([folder]);
  for (const { path, text } of files) {
    const target = join(folder, path);
    fs.mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    for (let made = dirname(target); made !== folder; made = dirname(made)) folders.add(made);
    const descriptor = fs.openSync(target, "wx", 0o644);
    try {
      fs.writeFileSync(descriptor, text);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  }
  for (const made of folders) syncFolder(made);
  return folder;
}

/** Steps between which a kill must not matter; tests end the process after one of them. */
export type SwapStep = "release" | "marked" | "previous" | "current";

/**
 * Puts a staged tree in place. `current` changes by one rename, so it leads to the old tree or to the new one at any
 * moment; that a reload is needed is on disk before.
 */
export function swap(releases: Releases, staged: string, digest: string, done: (step: SwapStep) => void = () => undefined): void {
  const { root, current, reloadNeeded } = releases;
  const name = freeName(root, digest);
  fs.renameSync(staged, join(root, "releases", name));
  syncFolder(join(root, "releases"));
  done("release");
  fs.writeFileSync(reloadNeeded, `${digest}\n`);
  syncFolder(root);
  done("marked");
  const before = targetOf(current);
  if (before !== undefined) replaceLink(join(root, "previous"), join("releases", before));
  done("previous");
  replaceLink(current, join("releases", name));
  syncFolder(root);
  done("current");
}

/** The digest; with a number behind it where a release of that name is there already (edited, or left by a kill). */
function freeName(root: string, digest: string): string {
  const names = [digest, ...Array.from({ length: 999 }, (_, i) => `${digest}.${i + 1}`)];
  const free = names.find((name) => !fs.existsSync(join(root, "releases", name)));
  if (free === undefined) throw new Error(`${root}/releases is full of ${digest}`);
  return free;
}

function replaceLink(link: string, target: string): void {
  const fresh = `${link}.${process.pid}`;
  fs.rmSync(fresh, { force: true });
  fs.symlinkSync(target, fresh);
  fs.renameSync(fresh, link);
}

/** Removes what killed runs left unfinished. */
export function sweep({ root }: Releases): void {
  const folder = join(root, "releases");
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    if (name.startsWith(".incoming-")) fs.rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Removes the oldest releases beyond `keep`, never `current` or `previous`. */
export function tidy({ root, current }: Releases, keep: number): void {
  const folder = join(root, "releases");
  const used = [targetOf(current), targetOf(join(root, "previous"))];
  const entries = fs.readdirSync(folder).map((name) => ({ name, at: fs.lstatSync(join(folder, name)).mtimeMs }));
  const old = entries
    .filter(({ name }) => releaseName.test(name) && !used.includes(name))
    .sort((a, b) => b.at - a.at)
    .slice(Math.max(0, keep - 2));
  for (const { name } of old) fs.rmSync(join(folder, name), { recursive: true, force: true });
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
