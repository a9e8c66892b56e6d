import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { accountOf, type Account } from "./accounts.ts";
import type { Site } from "./site.ts";

export const gatewayUnreadable = (user: string, path: string): string =>
  `note: the workers' user ${user} cannot read ${path}, so every request would fail;\n` +
  "  open it (chmod o+rX), install dygateway elsewhere, or set workers.user";

/**
 * `nginx -t` runs as root and reads everything; workers do not. Returns what to tell the operator when they could not
 * load the gateway's code. Access lists and further groups are not looked at, hence a note and no refusal.
 */
export function checkWorkerAccess(site: Site): string[] {
  const account = site.workerUser === null ? null : accountOf(site.workerUser);
  if (site.workerUser === null || account === null || account.uid === 0) return [];
  const file = join(site.install, "dygateway", "phases", "init.lua");
  const closed = [file, ...ancestorsOf(file)].reverse().find((path) => !isOpenTo(account, path));
  return closed === undefined ? [] : [gatewayUnreadable(site.workerUser, closed)];
}

function ancestorsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...ancestorsOf(parent)];
}

/** A file is to be read, a folder to be entered. */
function isOpenTo(account: Account, path: string): boolean {
  const status = statSync(path);
  const needed = status.isDirectory() ? 0o1 : 0o4;
  const shift = status.uid === account.uid ? 6 : status.gid === account.gid ? 3 : 0;
  return (status.mode & (needed << shift)) !== 0;
}
