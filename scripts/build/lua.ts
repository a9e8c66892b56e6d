import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { forget, isCurrent, remember, stampOf } from "./stamp.ts";

export interface LuaBuild {
  /** The directory that all paths here are relative to. */
  readonly root: string;
  readonly project: string;
  readonly outDir: string;
  /** Files and directories whose contents decide the output. */
  readonly inputs: readonly string[];
  /** Files that must be there afterwards, relative to `outDir`. */
  readonly entries: readonly string[];
}

export type LuaBuildResult = "up to date" | "built" | { readonly failed: string };

/**
 * Compiles a typescript-to-lua project. The output directory is replaced only by a complete, warning-free one,
 * so that a failed build leaves the last good output.
 *
 * typescript-to-lua exits 0 after a warning although, with noEmitOnError, it then emits nothing: the text decides.
 */
export function buildLua(build: LuaBuild): LuaBuildResult {
  const outDir = resolve(build.root, build.outDir);
  const shared = [build.project, "tstl.json", "scripts/tstl", "package-lock.json"];
  const inputs = [...build.inputs, ...shared].map((path) => resolve(build.root, path));
  const stamp = stampOf(resolve(build.root, "build/stamps", build.outDir.replaceAll("/", "-")), inputs);
  if (isCurrent(stamp) && missingEntries(outDir, build.entries).length === 0) {
    return "up to date";
  }
  forget(stamp);
  mkdirSync(resolve(build.root, "build"), { recursive: true });
  const fresh = mkdtempSync(resolve(build.root, "build/lua-"));
  try {
    const problem = compile(build, fresh) ?? describeMissing(build, missingEntries(fresh, build.entries));
    if (problem !== undefined) {
      return { failed: problem };
    }
    replaceDirectory(fresh, outDir);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  remember(stamp);
  return "built";
}

function compile(build: LuaBuild, outDir: string): string | undefined {
  const compiler = resolve(process.cwd(), "node_modules/typescript-to-lua/dist/tstl.js");
  const run = spawnSync(process.execPath, [compiler, "-p", resolve(build.root, build.project), "--outDir", outDir], {
    cwd: build.root,
    encoding: "utf8",
  });
  const output = `${run.stdout}${run.stderr}`.trim();
  if (run.status !== 0 || /\b(warning|error) (TSTL|TS\d)/.test(output)) {
    return `${output}\n${build.project}: typescript-to-lua reported the above; a warning counts as an error.`;
  }
  return undefined;
}

function missingEntries(directory: string, entries: readonly string[]): string[] {
  return entries.filter((entry) => !existsSync(join(directory, entry)));
}

function describeMissing(build: LuaBuild, missing: readonly string[]): string | undefined {
  return missing.length === 0 ? undefined : `${build.project}: compiled, but ${build.outDir} would lack ${missing.join(", ")}`;
}

/** Two renames: a reader sees the old files or the new ones, and for an instant none, but never a mixture. */
function replaceDirectory(fresh: string, target: string): void {
  const old = `${fresh}-old`;
  if (existsSync(target)) {
    renameSync(target, old);
  }
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}
