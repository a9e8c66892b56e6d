import type { Checked, TreeProblem } from "../problems.ts";
import { badFileName, fileTooLarge, notText, tooManyFiles, treeTooLarge } from "../problems.ts";
import { isFilePath } from "./names.ts";

/** A state of the tree: all of it from one moment. */
export interface TreeSnapshot {
  /** The commit, or for a plain folder the digest of its files. */
  readonly revision: string;
  /** Path within the tree to text. */
  readonly files: ReadonlyMap<string, string>;
}

/** Where the tree comes from. */
export interface TreeSource {
  readonly read: () => Promise<Checked<TreeSnapshot>>;
}

export const treeLimits = { files: 5000, fileBytes: 1024 * 1024, bytes: 32 * 1024 * 1024 } as const;

/** Beside the layers, people keep notes and settings of git at the top; these are none of our files. */
export const isOurs = (path: string): boolean => !/^(?:\.|README|LICENSE|CODEOWNERS)/.test(path);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Collects the files of one state, within the limits. */
export class TreeCollector {
  readonly files = new Map<string, string>();
  readonly problems: TreeProblem[] = [];
  #bytes = 0;

  /** Whether a file of that size is to be read at all. */
  admits(path: string, bytes: number): boolean {
    this.#bytes += bytes;
    const problem = !isFilePath(path)
      ? badFileName(path)
      : bytes > treeLimits.fileBytes
        ? fileTooLarge(path, treeLimits.fileBytes)
        : this.files.size >= treeLimits.files
          ? tooManyFiles(treeLimits.files)
          : this.#bytes > treeLimits.bytes
            ? treeTooLarge(treeLimits.bytes)
            : undefined;
    if (problem !== undefined) this.problems.push(problem);
    return problem === undefined;
  }

  /** Whether there is no point in going on. */
  get isFull(): boolean {
    return this.files.size >= treeLimits.files || this.#bytes > treeLimits.bytes;
  }

  add(path: string, content: Buffer): void {
    try {
      this.files.set(path, decoder.decode(content));
    } catch {
      this.problems.push(notText(path));
    }
  }
}
