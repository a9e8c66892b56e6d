import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RenderedFile } from "./rendered_set.ts";

/** Writes files into a folder of our own, down to the disk, so that a rename never puts an empty file in place. */
export function writeSet(folder: string, files: readonly RenderedFile[]): void {
  for (const file of files) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeNew(path, file.text, file.mode);
  }
}

/** Writes a file that is not there yet, nor a link of its name, down to the disk. */
export function writeNew(path: string, text: string, mode: number): void {
  const descriptor = openSync(path, "wx", mode);
  try {
    writeFileSync(descriptor, text);
    // The umask does not decide what mode a rendered file has.
    fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A rename is on disk when its folder is. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
