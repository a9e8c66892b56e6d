import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Config } from "../config/schema.ts";
import { accountOf, type Account } from "./accounts.ts";
import type { Site } from "./site.ts";
import { workersOf, type UpstreamPlace } from "./upstream_place.ts";

export const gatewayUnreadable = (user: string, path: string): string =>
  `note: the workers' user ${user} cannot read ${path}, so every request would fail;\n` +
  "  open it (chmod o+rX), install dygateway elsewhere, or set workers.user";

export const upstreamsUnwritable = (user: string, folder: string): string =>
  `note: the workers' user ${user} cannot write to ${folder}, so upstream.conf would not be kept up to date;\n` +
  `  give it to them (chown ${user} ${folder}), or set dynamic_upstreams.written_by: operator`;

export const upstreamsUnreachable = (user: string, path: string): string =>
  `note: the workers' user ${user} cannot enter ${path}, so upstream.conf would not be kept up to date;\n` +
  "  open it (chmod o+x), or set dynamic_upstreams.written_by: operator";

/**
 * `nginx -t` runs as root and reads everything; workers do not. Returns what to tell the operator when they could not
 * load the gateway's code or rewrite upstream.conf. Access lists and further groups are not looked at, hence a note and no refusal.
 */
export function checkWorkerAccess(config: Config, site: Site, place: UpstreamPlace, directory: string): string[] {
  const account = site.workerUser === null ? null : accountOf(site.workerUser);
  if (site.workerUser === null || account === null || account.uid === 0) return [];
  const file = join(site.install, "dygateway", "phases", "init.lua");
  const closed = firstClosed(account, [file, ...ancestorsOf(file)]);
  const notes = closed === undefined ? [] : [gatewayUnreadable(site.workerUser, closed)];
  const writers = workersOf(config, site);
  return writers === null ? notes : [...notes, ...checkUpstreamsFolder(writers, account, place, directory)];
}

/** They find upstream.conf by its name in the output directory, and rename a new one over it. */
function checkUpstreamsFolder(user: string, account: Account, place: UpstreamPlace, directory: string): string[] {
  const folder = dirname(place.file);
  const closed = firstClosed(account, [directory, ...ancestorsOf(directory)]) ?? firstClosed(account, [folder, ...ancestorsOf(folder)]);
  if (closed !== undefined) return [upstreamsUnreachable(user, closed)];
  return mayAccess(account, folder, 0o2) ? [] : [upstreamsUnwritable(user, folder)];
}

const firstClosed = (account: Account, paths: readonly string[]): string | undefined =>
  [...paths].reverse().find((path) => !isOpenTo(account, path));

function ancestorsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...ancestorsOf(parent)];
}

/** A file is to be read, a folder to be entered. */
const isOpenTo = (account: Account, path: string): boolean =>
  mayAccess(account, path, statSync(path).isDirectory() ? 0o1 : 0o4);

/** @param needed of the three bits that a class of users has. */
function mayAccess(account: Account, path: string, needed: number): boolean {
  const status = statSync(path);
  const shift = status.uid === account.uid ? 6 : status.gid === account.gid ? 3 : 0;
  return (status.mode & (needed << shift)) !== 0;
}
