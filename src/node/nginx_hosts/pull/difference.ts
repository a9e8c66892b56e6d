import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FinishedFile } from "../finished.ts";
import type { Releases } from "./releases.ts";

/** Paths that a new tree adds, changes, removes; each list in order. */
export interface TreeDifference {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What is different from the tree in place, whatever state that is in. */
export function diffTrees({ current }: Releases, files: readonly FinishedFile[]): TreeDifference {
  const there = existsSync(current)
    ? readdirSync(current, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(current.length + 1))
    : [];
  const wanted = new Map(files.map(({ path, text }) => [path, text]));
  return {
    added: [...wanted.keys()].filter((path) => !there.includes(path)).sort(),
    changed: there.filter((path) => wanted.has(path) && readFileSync(join(current, path), "utf8") !== wanted.get(path)).sort(),
    removed: there.filter((path) => !wanted.has(path)).sort(),
  };
}
