import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The folder beside the output directory in which a run does its work: on the same file system, so that files move
 * into place by rename, and with a fixed name, so that two runs cannot work on the same directory.
 */
export interface Workspace {
  readonly folder: string;
  /** Removes it. */
  release(): void;
}

export const renderRunning = (directory: string, pid: number): Error =>
  new Error(`another dygateway (process ${pid}) is rendering into ${directory}; try again when it has finished`);

export function openWorkspace(directory: string): Workspace {
  const folder = `${directory}.rendering`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const owner = ownerOf(folder);
    if (owner !== null) throw renderRunning(directory, owner);
    // Left by a run that was killed. Moved away first: of two runs that see it, one succeeds.
    const stale = `${folder}.${process.pid}`;
    renameSync(folder, stale);
    rmSync(stale, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
  }
  writeFileSync(join(folder, "pid"), String(process.pid));
  return { folder, release: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The process at work in the folder; `null` when it is gone, or has our own number (as in a restarted container). */
function ownerOf(folder: string): number | null {
  const pid = Number(readPid(folder));
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return null;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? pid : null;
  }
}

function readPid(folder: string): string {
  try {
    return readFileSync(join(folder, "pid"), "utf8");
  } catch {
    return "";
  }
}
