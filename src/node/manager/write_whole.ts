import * as fs from "node:fs";
import { dirname } from "node:path";

/** Replaces a file by one rename: after a kill it is the old one or the new one, on disk. */
export function writeWhole(path: string, text: string, mode: number): void {
  const fresh = `${path}.${process.pid}`;
  fs.rmSync(fresh, { force: true });
  const descriptor = fs.openSync(fresh, "wx", mode);
  try {
    fs.writeFileSync(descriptor, text);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(fresh, path);
  const folder = fs.openSync(dirname(path), "r");
  try {
    fs.fsyncSync(folder);
  } finally {
    fs.closeSync(folder);
  }
}
