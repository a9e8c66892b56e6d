import { readFileSync } from "node:fs";

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A user of this machine; `null` when there is none of that name. */
export function accountOf(user: string): Account | null {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === user) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

export const isRoot = (): boolean => process.getuid?.() === 0;
