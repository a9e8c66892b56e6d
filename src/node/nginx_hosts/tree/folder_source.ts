import { createHash } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { constants } from "node:fs";
import { join } from "node:path";
import { notAFile, sound, treeUnreadable, unsound } from "../problems.ts";
import { isOurs, TreeCollector, type TreeSource } from "./source.ts";

/** A plain folder, read as it stands. Links are refused, so nothing outside of it is ever read. */
export function folderSource(folder: string): TreeSource {
  return {
    read: async () => {
      const found = new TreeCollector();
      try {
        await collect(folder, "", found);
      } catch (error) {
        return unsound(treeUnreadable(error instanceof Error ? error.message : String(error)));
      }
      if (found.problems.length > 0) return unsound(...found.problems);
      const hash = createHash("sha256");
      for (const [path, text] of [...found.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
        hash.update(`${path}\0${Buffer.byteLength(text)}\0${text}`);
      }
      return sound({ revision: `sha256:${hash.digest("hex")}`, files: found.files });
    },
  };
}

async function collect(folder: string, prefix: string, found: TreeCollector): Promise<void> {
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (!isOurs(path) || found.isFull) continue;
    if (entry.isDirectory()) await collect(folder, path, found);
    else if (entry.isFile()) await readOne(folder, path, found);
    else found.problems.push(notAFile(path));
  }
}

async function readOne(folder: string, path: string, found: TreeCollector): Promise<void> {
  // What was a file a moment ago may be a link by now.
  const file = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    if (found.admits(path, size)) found.add(path, await file.readFile());
  } finally {
    await file.close();
  }
}
