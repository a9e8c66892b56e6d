import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { upstreamsFolderOf } from "../config/model.ts";
import type { Config } from "../config/schema.ts";
import { accountOf, isRoot } from "./accounts.ts";
import type { Site } from "./site.ts";

export const upstreamConf = "upstream.conf";

const mostLinks = 40;

/** Where upstream.conf lies, and what rendering has to do about that. */
export interface UpstreamPlace {
  /** The file that holds the text: in the output directory, or where a link there leads. */
  readonly file: string;
  /** What the one in the output directory is to become a link to; `null` where nothing has to be linked. */
  readonly link: string | null;
  /** The file with the upstreams that were set at run time; `null` where none of them are taken over. */
  readonly source: string | null;
  /** The file that our link led to, where it is to be a plain file again. */
  readonly leaves: string | null;
}

/** A plain file in the output directory. */
export function plainPlace(directory: string): UpstreamPlace {
  const file = join(directory, upstreamConf);
  return { file, link: null, source: file, leaves: null };
}

/**
 * Where workers of another user than root's nginx rewrite upstream.conf, it lies in a folder of theirs, behind a link. A
 * link of the operator's own to another place is followed and stays.
 */
export function upstreamPlace(config: Config, site: Site, directory: string): UpstreamPlace {
  const plain = plainPlace(directory);
  const theirs = join(upstreamsFolderOf(config), upstreamConf);
  const isOurLink = linkTarget(plain.file) === theirs;
  const end = followLinks(plain.file);
  if (!isOurLink && end !== plain.file) return { ...plain, file: end, source: end };
  if (workersOf(config, site) !== null) {
    const file = followLinks(theirs);
    if (isOurLink) return { ...plain, file, source: file };
    return { file, link: theirs, source: isThere(plain.file) ? plain.file : file, leaves: null };
  }
  if (!isOurLink) return plain;
  // What workers could write does not become configuration of root's own; `dygateway upstream write` brings it from Redis.
  const source = config.dynamic_upstreams.written_by === "operator" ? null : end;
  return { ...plain, source, leaves: end };
}

/**
 * The user whose folder upstream.conf has to lie in; `null` where it stays in the output directory: nginx runs as one
 * user, has a process of root's that writes the file (OpenResty's privileged agent), or an operator writes it.
 */
export function workersOf(config: Config, site: Site): string | null {
  if (config.dynamic_upstreams.written_by === "operator" || site.nginx.isOpenResty || site.workerUser === null) return null;
  const uid = accountOf(site.workerUser)?.uid ?? 0;
  return isRoot() && uid !== 0 ? site.workerUser : null;
}

/** Where links of root's or of our own lead in the end. Others could make root write anywhere: they are not followed. */
function followLinks(path: string): string {
  let end = path;
  for (let links = 0; links < mostLinks; links += 1) {
    const target = linkTarget(end);
    if (target === null) return end;
    end = target;
  }
  return path;
}

function linkTarget(path: string): string | null {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status?.isSymbolicLink() !== true) return null;
  const isTrusted = status.uid === 0 || status.uid === process.getuid?.();
  return isTrusted ? resolve(dirname(path), readlinkSync(path)) : null;
}

export const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
