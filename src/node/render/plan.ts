import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "./manifest.ts";
import type { RenderedFile } from "./rendered_set.ts";
import { presentUpstreamConf, readUpstreamConf } from "./upstream_conf.ts";
import { isThere, plainPlace, upstreamConf, type UpstreamPlace } from "./upstream_place.ts";

export type Change =
  | { readonly kind: "added" | "unchanged"; readonly file: RenderedFile }
  | { readonly kind: "changed"; readonly file: RenderedFile; readonly before: string; readonly moves: boolean }
  | { readonly kind: "removed"; readonly path: string };

export interface Plan {
  readonly directory: string;
  readonly place: UpstreamPlace;
  /** Files to put in place in the order of the rendered set, then files to remove. */
  readonly changes: readonly Change[];
  /** Files in the way that somebody else wrote. */
  readonly foreign: readonly string[];
  /** Ours as the last run left it. */
  readonly owned: readonly string[];
}

export const pathOf = (change: Change): string => (change.kind === "removed" ? change.path : change.file.path);

/** Compares a rendered set with what is in the directory. Changes nothing. */
export function planChanges(
  directory: string,
  files: readonly RenderedFile[],
  place: UpstreamPlace = plainPlace(directory),
): Plan {
  const owned = readManifest(directory);
  const changes: Change[] = [];
  const foreign: string[] = [];
  for (const file of files) {
    const present = readPresent(join(directory, file.path));
    if (present !== null && !owned.includes(file.path)) foreign.push(file.path);
    changes.push(file.path === upstreamConf ? changeOfUpstreams(file, place) : changeOf(file, present));
  }
  const wanted = files.map((file) => file.path);
  for (const path of owned) {
    if (!wanted.includes(path) && readPresent(join(directory, path)) !== null) changes.push({ kind: "removed", path });
  }
  return { directory, place, changes, foreign: [...foreign, ...foreignUpstreams(files, place)], owned };
}

interface Present {
  readonly text: string;
  readonly mode: number;
}

function changeOf(file: RenderedFile, present: Present | null): Change {
  if (present === null) return { kind: "added", file };
  // An operator may have made it stricter; more open than rendered it must not stay.
  const tooOpen = (present.mode & ~file.mode) !== 0;
  const same = present.text === file.text && !tooOpen;
  return same ? { kind: "unchanged", file } : { kind: "changed", file, before: present.text, moves: false };
}

function changeOfUpstreams(file: RenderedFile, place: UpstreamPlace): Change {
  const moves = place.link !== null || place.leaves !== null;
  if (!moves) return changeOf(file, readUpstreamConf(place.file));
  const isNew = place.leaves === null && (place.source === null || !isThere(place.source));
  return isNew ? { kind: "added", file } : { kind: "changed", file, before: presentUpstreamConf(place), moves };
}

/**
 * A file in the folder that a link is to lead to, and that it does not lead to yet, may be another gateway's: two with the
 * same `paths.upstreams`. What a run of ours that was killed has left there is as it should be.
 */
function foreignUpstreams(files: readonly RenderedFile[], { file, link }: UpstreamPlace): string[] {
  const there = link === null ? null : readUpstreamConf(file);
  const wanted = files.find(({ path }) => path === upstreamConf);
  return there === null || there.text === wanted?.text ? [] : [file];
}

function readPresent(file: string): Present | null {
  try {
    return { text: readFileSync(file, "utf8"), mode: statSync(file).mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
