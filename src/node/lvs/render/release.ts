import { createHash } from "node:crypto";

/** A file of a load balancer, relative to its release's folder. */
export interface ReleaseFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** It holds the OSPF key: nobody but root and the OSPF daemon reads it, and no output shows the key. */
  readonly isSecret: boolean;
}

/** Everything one load balancer gets, as one unit that is put in place or not. */
export interface Release {
  readonly hostname: string;
  /** Ascending by path; the manifest is not among them. */
  readonly files: readonly ReleaseFile[];
  /** As `sha256sum` writes it: every file and nothing else. */
  readonly manifest: string;
  /** The sha256 of the manifest, and so of everything: the release's name on the load balancer. */
  readonly digest: string;
}

export const manifestName = "MANIFEST";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export function releaseOf(hostname: string, unsorted: readonly ReleaseFile[]): Release {
  const files = [...unsorted].sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = files.map((file) => `${sha256(file.text)}  ${file.path}\n`).join("");
  return { hostname, files, manifest, digest: sha256(manifest) };
}

/** The release's files with the manifest, as they lie on the load balancer. */
export function filesOnDisk(release: Release): ReleaseFile[] {
  // It has the sum of the file with the key: as little readable as that.
  return [...release.files, { path: manifestName, text: release.manifest, mode: 0o640, isSecret: true }];
}
