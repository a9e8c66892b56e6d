import { createHash } from "node:crypto";

export interface FinishedFile {
  /** Relative to the folder of nginx.conf. */
  readonly path: string;
  readonly text: string;
}

const inOrder = (a: FinishedFile, b: FinishedFile): number => (a.path < b.path ? -1 : 1);

/**
 * One number for a whole tree: sha256 over each file's path and the sha256 of its text, in the order of the paths. The
 * client computes it again from what it received and from what it finds on its disk.
 */
export function digestOf(files: readonly FinishedFile[]): string {
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
  return sha256([...files].sort(inOrder).map(({ path, text }) => `${sha256(text)}  ${path}\n`).join(""));
}
