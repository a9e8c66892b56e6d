import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The names of the files in an output directory that are ours. It is written before the first of them is put in place
 * (with the old names and the new), and again after the last, so that whenever a run ends it names at least all that
 * is ours. What is not in it is never replaced without being asked, and never removed.
 */
export const manifestName = ".dygateway-files.json";

const ownFiles = ["nginx.conf", "default.conf", "upstream.conf", "redis.conf", "dygateway.json", "mime.types"];
const hostFile = /^vhosts\/[A-Za-z0-9_][A-Za-z0-9_.-]*\.conf$/;

export const manifestBroken = (file: string, reason: string): Error =>
  new Error(`${file} is not usable (${reason}); it says which files are dygateway's: restore it, or move it away`);

/** Refuses names we would never have written, so that a damaged manifest cannot make us remove anything else. */
export function readManifest(directory: string): string[] {
  const file = join(directory, manifestName);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw manifestBroken(file, "not JSON");
  }
  const files = (manifest as { files?: unknown } | null)?.files;
  if (!Array.isArray(files)) throw manifestBroken(file, "no list of files");
  return files.map((name: unknown) => {
    if (typeof name === "string" && (ownFiles.includes(name) || hostFile.test(name))) return name;
    throw manifestBroken(file, `${JSON.stringify(name)} is none of our files`);
  });
}

export function manifestText(files: readonly string[]): string {
  return `${JSON.stringify({ version: 1, files: [...new Set(files)].sort() }, null, 2)}\n`;
}
