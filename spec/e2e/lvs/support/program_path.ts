import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a program is, also where the PATH of a user does not lead; undefined: not on this machine. */
export function programPath(name: string, ...folders: readonly string[]): string | undefined {
  const all = [...folders, ...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return all.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
