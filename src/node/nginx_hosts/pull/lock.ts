import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

export type Locked = { readonly ok: true; readonly release: () => void } | { readonly ok: false; readonly owner: number };

/**
 * One process at a time. The file appears whole, with its owner's number in it, since it is linked into place; one whose
 * owner is gone is taken over: of two that see it, one succeeds in moving it away.
 */
export function lock(file: string): Locked {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, `${process.pid} ${startOf(process.pid)}`, { mode: 0o600 });
  try {
    for (let tries = 0; tries < 3; tries += 1) {
      if (linked(own, file)) return { ok: true, release: () => rmSync(file, { force: true }) };
      const owner = ownerOf(file);
      if (owner !== null) return { ok: false, owner };
      const stale = `${own}.stale`;
      try {
        renameSync(file, stale);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
      // Between the look and the move another may have taken it over: then what was moved is his.
      const moved = ownerOf(stale);
      if (moved !== null) {
        linked(stale, file);
        rmSync(stale, { force: true });
        return { ok: false, owner: moved };
      }
      rmSync(stale, { force: true });
    }
    return { ok: false, owner: 0 };
  } finally {
    rmSync(own, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The process that holds the lock; `null` where there is none any more. */
function ownerOf(file: string): number | null {
  let words: string[];
  try {
    words = readFileSync(file, "utf8").trim().split(" ");
  } catch {
    return null;
  }
  const [pid, started = ""] = [Number(words[0]), words[1]];
  if (!Number.isInteger(pid) || pid <= 0) return null;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return null;
  }
  // A number is given to another process in time, in a restarted container at once.
  return started === startOf(pid) ? pid : null;
}

/** When a process was started, in ticks since the machine was; "" where that is not to be known. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
