import { renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolder, writeNew } from "./write_set.ts";

/** Puts a text in place of a file, or where there is none, by one rename. */
export function replaceFile(path: string, text: string, mode: number): void {
  const aside = `${path}.rendered`;
  rmSync(aside, { force: true });
  try {
    writeNew(aside, text, mode);
    renameSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
  syncFolder(dirname(path));
}
