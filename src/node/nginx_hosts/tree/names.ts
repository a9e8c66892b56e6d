import { fitsArchive } from "../../archive/tar.ts";

/** Names that become parts of paths. Whatever comes from outside is held against these before it meets a file system. */

/** A host name in small letters: labels of letters, digits, `_` and `-`, as the machines are called. */
export const hostnamePattern = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
export const layerNamePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** One step of a path: no dot first, so neither `..` nor a hidden file is one. */
const stepPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const deepest = 8;
export const longestPath = 250;

export const isHostname = (text: string): boolean => hostnamePattern.test(text);

/** A relative path that cannot lead out of the folder it is put in, and that an archive has room for. */
export function isFilePath(path: string): boolean {
  const steps = path.split("/");
  return path.length <= longestPath && steps.length <= deepest && steps.every((step) => stepPattern.test(step)) && fitsArchive(path);
}

/** `extra`: reached from the Internet; `internal`: from the intranet. The same words as a cluster's type. */
export const hostTypes = ["extra", "internal"] as const;
export type HostType = (typeof hostTypes)[number];

/** Folders of a layer, beside which the folder of a datacentre may stand. */
export const partsOfLayer = ["files", "partials"];
