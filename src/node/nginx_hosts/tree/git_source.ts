import { spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { notAFile, sound, treeUnreadable, unsound, type Checked } from "../problems.ts";
import { isOurs, TreeCollector, type TreeSnapshot, type TreeSource } from "./source.ts";

const timeoutMs = 20_000;

interface Blob {
  readonly path: string;
  readonly id: string;
}

/**
 * A git repository, bare or with a working copy; what is read is a commit, so a `git pull` that is going on is never
 * seen half. The last state is kept, since most reads find the same commit.
 *
 * @param ref a branch, as `main`, or `HEAD`.
 */
export function gitSource(repository: string, ref: string): TreeSource {
  let last: TreeSnapshot | undefined;
  return {
    read: async () => {
      try {
        const revision = (await git(repository, ["rev-parse", "--verify", "--end-of-options", `${ref}^{commit}`])).toString().trim();
        if (last?.revision === revision) return sound(last);
        const read = await readCommit(repository, revision);
        if (read.ok) last = read.value;
        return read;
      } catch (error) {
        return unsound(treeUnreadable(error instanceof Error ? error.message : String(error)));
      }
    },
  };
}

async function readCommit(repository: string, revision: string): Promise<Checked<TreeSnapshot>> {
  const found = new TreeCollector();
  const blobs: Blob[] = [];
  const listing = (await git(repository, ["ls-tree", "-r", "-z", "--long", "--full-tree", revision])).toString("utf8");
  for (const line of listing.split("\0")) {
    const [, mode, kind, id, size, path] = /^([0-7]+) ([a-z]+) ([0-9a-f]+) +([0-9]+|-)\t([^]+)$/.exec(line) ?? [];
    if (path === undefined || id === undefined || !isOurs(path)) continue;
    if (kind !== "blob" || mode === "120000") found.problems.push(notAFile(path));
    else if (!found.isFull && found.admits(path, Number(size))) blobs.push({ path, id });
  }
  if (found.problems.length > 0) return unsound(...found.problems);
  await readBlobs(repository, blobs, found);
  return found.problems.length > 0 ? unsound(...found.problems) : sound({ revision, files: found.files });
}

/** The answer of `cat-file --batch` is, for each blob, a line `<id> blob <size>`, the content and a line end. */
async function readBlobs(repository: string, blobs: readonly Blob[], found: TreeCollector): Promise<void> {
  const answer = await git(repository, ["cat-file", "--batch"], blobs.map(({ id }) => `${id}\n`).join(""));
  let offset = 0;
  for (const { path } of blobs) {
    const end = answer.indexOf(10, offset);
    const size = Number(/ blob ([0-9]+)$/.exec(answer.toString("latin1", offset, end))?.[1]);
    if (end < 0 || Number.isNaN(size)) throw new Error(`git cat-file gives no content of ${path}`);
    found.add(path, answer.subarray(end + 1, end + 1 + size));
    offset = end + 1 + size + 1;
  }
}

/** Only reading commands: no hooks run, and nothing asks for a password. */
async function git(repository: string, words: readonly string[], input = ""): Promise<Buffer> {
  const child = spawn("git", ["--no-optional-locks", "-C", repository, ...words], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, GIT_TERMINAL_PROMPT: "0", GIT_DIR: undefined, GIT_WORK_TREE: undefined, LC_ALL: "C" },
    timeout: timeoutMs,
  });
  child.stdin.on("error", () => {
    // It ended before it had read all: its exit code says why.
  });
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, out, err] = await Promise.all([exited, buffer(child.stdout), buffer(child.stderr)]);
  if (code === 0) return out;
  throw new Error(`git ${words[0] ?? ""} ended with ${code ?? "a signal"}: ${err.toString().trim()}`);
}
