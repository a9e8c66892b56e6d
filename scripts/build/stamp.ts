import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Remembers from which inputs an output was made, so that nothing is made twice.
 * Contents are compared, not times: a git checkout or a clone touches the times of files that did not change.
 */
export interface Stamp {
  readonly file: string;
  readonly digest: string;
}

export function stampOf(file: string, inputs: readonly string[]): Stamp {
  const hash = createHash("sha256");
  for (const path of inputs.flatMap(filesUnder).sort()) {
    hash.update(path).update("\0").update(readFileSync(path)).update("\0");
  }
  return { file, digest: hash.digest("hex") };
}

export function isCurrent(stamp: Stamp): boolean {
  return existsSync(stamp.file) && readFileSync(stamp.file, "utf8") === stamp.digest;
}

/** Called before an output is touched: a build that fails half-way must not look done. */
export function forget(stamp: Stamp): void {
  rmSync(stamp.file, { force: true });
}

export function remember(stamp: Stamp): void {
  mkdirSync(dirname(stamp.file), { recursive: true });
  writeFileSync(stamp.file, stamp.digest);
}

function filesUnder(path: string): string[] {
  if (!existsSync(path)) {
    return [];
  }
  if (!statSync(path).isDirectory()) {
    return [path];
  }
  return readdirSync(path).flatMap((name) => filesUnder(join(path, name)));
}
