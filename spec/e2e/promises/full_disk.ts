import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SIZE = "256k";
const LOOK_MS = 5;

export interface FullDisk {
  readonly fill: () => void;
  readonly free: () => void;
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * A full disk in the place of a folder, with what was there: a tiny file system of memory where mounting is permitted; else
 * the file that is about to be written leads to the device that is always full.
 *
 * @param written the path that a writer opens.
 */
export function fullDisk(folder: string, written: string): FullDisk {
  let isMounted = false;
  let leading: NodeJS.Timeout | undefined;
  return {
    fill: () => {
      const kept = mkdtempSync(join(tmpdir(), "dygateway-e2e-"));
      cpSync(folder, kept, { recursive: true });
      isMounted = succeeds("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=0777`, "tmpfs", folder]);
      if (isMounted) {
        cpSync(kept, folder, { recursive: true });
      }
      rmSync(kept, { recursive: true, force: true });
      if (isMounted) {
        try {
          writeFileSync(join(folder, "ballast"), Buffer.alloc(1 << 20));
        } catch {
          // It is full now.
        }
        return;
      }
      leading = setInterval(() => {
        if (!existsSync(written)) {
          symlinkSync("/dev/full", written);
        }
      }, LOOK_MS);
    },
    free: () => {
      clearInterval(leading);
      if (isMounted) {
        succeeds("umount", ["-l", folder]);
      } else {
        rmSync(written, { force: true });
      }
    },
  };
}
