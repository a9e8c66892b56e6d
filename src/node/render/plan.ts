import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "./manifest.ts";
import type { RenderedFile } from "./rendered_set.ts";

export type Change =
  | { readonly kind: "added" | "unchanged"; readonly file: RenderedFile }
  | { readonly kind: "changed"; readonly file: RenderedFile; readonly before: string }
  | { readonly kind: "removed"; readonly path: string };

export interface Plan {
  readonly directory: string;
  /** Files to put in place in the order of the rendered set, then files to remove. */
  readonly changes: readonly Change[];
  /** Files in the way that somebody else wrote. */
  readonly foreign: readonly string[];
  /** Ours as the last run left it. */
  readonly owned: readonly string[];
}

export const pathOf = (change: Change): string => (change.kind === "removed" ? change.path : change.file.path);

/** Compares a rendered set with what is in the directory. Changes nothing. */
export function planChanges(directory: string, files: readonly RenderedFile[]): Plan {
  const owned = readManifest(directory);
  const changes: Change[] = [];
  const foreign: string[] = [];
  for (const file of files) {
    const present = readPresent(join(directory, file.path));
    if (present === null) {
      changes.push({ kind: "added", file });
      continue;
    }
    if (!owned.includes(file.path)) foreign.push(file.path);
    // An operator may have made it stricter; more open than rendered it must not stay.
    const tooOpen = (present.mode & ~file.mode) !== 0;
    const same = present.text === file.text && !tooOpen;
    changes.push(same ? { kind: "unchanged", file } : { kind: "changed", file, before: present.text });
  }
  const wanted = files.map((file) => file.path);
  for (const path of owned) {
    if (!wanted.includes(path) && readPresent(join(directory, path)) !== null) changes.push({ kind: "removed", path });
  }
  return { directory, changes, foreign, owned };
}

function readPresent(file: string): { text: string; mode: number } | null {
  try {
    return { text: readFileSync(file, "utf8"), mode: statSync(file).mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
