import type { RuntimeManifest } from "../core/store/manifest.ts";
import type { UpstreamManifest } from "../core/store/upstream_manifest.ts";
import { noPause } from "../core/result.ts";
import type { Pause } from "../core/result.ts";
import { readLines, writeFile, writeLine } from "./files.ts";
import { logError } from "./log.ts";
import { cjson } from "./platform.ts";

/**
 * The file that holds what is in force: a head line with format, checksum and number of lines, then the position, then
 * one manifest a line, the runtimes' before the upstreams'. The first format knew no upstreams.
 */
const FORMAT = "dygateway-state 2";
const FIRST_FORMAT = "dygateway-state 1";

export interface SavedPosition {
  readonly revision: number;
  readonly nonce: string;
  readonly policyIdCount: number;
}

export interface SavedState {
  readonly position: SavedPosition;
  readonly manifests: readonly RuntimeManifest[];
  readonly upstreams: readonly UpstreamManifest[];
}

/** A line's digest goes on from the one before it. */
function digestOf(lines: readonly string[], from: number, pause: Pause): string {
  let digest = "";
  for (let i = from; i < lines.length; i++) {
    digest = ngx.md5(digest + lines[i]!);
    pause();
  }
  return digest;
}

/**
 * @param runtimes manifests as JSON. @param keepAs where the file that was there goes.
 * @throws with the reason; the file that was there stays.
 */
export function writeSavedState(
  path: string,
  { revision, nonce, policyIdCount }: SavedPosition,
  runtimes: readonly string[],
  upstreams: readonly string[],
  keepAs: string,
  pause: Pause,
): void {
  const [position] = cjson.encode({ revision, nonce, policyIdCount, runtimes: runtimes.length });
  const lines = [position ?? ""];
  for (const manifest of runtimes) {
    lines.push(manifest);
  }
  for (const manifest of upstreams) {
    lines.push(manifest);
  }
  const digest = digestOf(lines, 0, pause);
  writeFile(
    path,
    (file) => {
      writeLine(file, `${FORMAT} ${digest} ${lines.length}`);
      for (const line of lines) {
        writeLine(file, line);
        pause();
      }
    },
    { keepAs },
  );
}

/** Undefined where there is none, or none that can be used; why is logged. */
export function readSavedState(path: string): SavedState | undefined {
  const lines = readLines(path);
  if (lines === undefined) {
    return undefined;
  }
  const first = lines[0] ?? "";
  const format = first.startsWith(`${FIRST_FORMAT} `) ? FIRST_FORMAT : FORMAT;
  if (first !== `${format} ${digestOf(lines, 1, noPause)} ${lines.length - 1}`) {
    const reason = first.startsWith(`${format} `) ? "it is damaged or cut off" : "it is of another format";
    logError(`${path} is not used: ${reason}`);
    return undefined;
  }
  const position = cjson.decode(lines[1] ?? "")[0] as SavedPosition & { readonly runtimes?: number };
  const upstreamsAt = 2 + (position.runtimes ?? lines.length - 2);
  const manifests: RuntimeManifest[] = [];
  const upstreams: UpstreamManifest[] = [];
  for (let i = 2; i < lines.length; i++) {
    const [manifest] = cjson.decode(lines[i]!);
    if (i < upstreamsAt) {
      manifests.push(manifest as RuntimeManifest);
    } else {
      upstreams.push(manifest as UpstreamManifest);
    }
  }
  return { position, manifests, upstreams };
}
