import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RenderedFile } from "./rendered_set.ts";

/** Writes files into a folder of our own, down to the disk, so that a rename never puts an empty file in place. */
export function writeSet(folder: string, files: readonly RenderedFile[]): void {
  for (const file of files) {
    const path = join(folder, file.path);
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, "wx", file.mode);
    try {
      writeFileSync(descriptor, file.text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    // The umask does not decide what mode a rendered file has.
    chmodSync(path, file.mode);
  }
}
