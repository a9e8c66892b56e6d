import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A folder of a test's own that the worker processes of nginx, which run as another user, may look into. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "dygateway-e2e-"));
  chmodSync(folder, 0o755);
  // Also where a test run is interrupted.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program to its end. @throws with what it printed when it fails. */
export function run(file: string, args: readonly string[], environment: NodeJS.ProcessEnv = process.env): string {
  return execFileSync(file, args, { cwd: root, env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Builds what is stale, and installs it below `prefix` as `make install` does. */
export function installAt(prefix: string): void {
  run("scripts/ts", ["build"]);
  run("scripts/install", [prefix]);
}
