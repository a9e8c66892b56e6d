import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach } from "vitest";

const made: string[] = [];

afterEach(() => {
  for (const directory of made.splice(0)) {
    rmSync(directory, { recursive: true, force: true });
  }
});

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "dygateway-spec-"));
  made.push(directory);
  return directory;
}

export function writeTree(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A PATH of only these commands: real ones by name, and shell scripts that stand in for others. */
export function commandPath(real: readonly string[], fakes: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory();
  for (const name of real) {
    const where = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
    symlinkSync(where, join(directory, name));
  }
  for (const [name, body] of Object.entries(fakes)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  return directory;
}

export interface ScriptRun {
  readonly status: number | null;
  readonly output: string;
}

export function runScript(script: string, args: readonly string[], env: Readonly<Record<string, string>>): ScriptRun {
  const run = spawnSync("/bin/bash", [script, ...args], { encoding: "utf8", env: { ...env } });
  return { status: run.status, output: run.stdout + run.stderr };
}
