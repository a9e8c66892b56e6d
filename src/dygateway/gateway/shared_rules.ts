import type { Pause } from "../core/result.ts";
import type { RulesPlace } from "../core/store/manifest.ts";
import { dict } from "./platform.ts";
import { countUp, noRoom, readText } from "./shared_dict.ts";

/** The rules of policies in the shared dict: `b:<blob>:<n>`, see shared_state.ts. */

/**
 * The next name for a blob; unlike any other of this dict's life.
 * @throws when the shared dict has no room for the first.
 */
export function newBlobName(): string {
  const number = countUp("blobs");
  if (number === undefined) {
    throw noRoom("no memory");
  }
  return `${number}`;
}

/** @returns why there is no room for it, if so. */
export function writeChunk(blob: string, number: number, chunk: string): string | undefined {
  const [stored, reason] = dict().safe_set(`b:${blob}:${number}`, chunk);
  return stored === true ? undefined : noRoom(reason);
}

export function readChunkText(blob: string, number: number): string | undefined {
  return readText(`b:${blob}:${number}`);
}

export function deleteBlob(blob: string, chunks: number): void {
  for (let number = 0; number < chunks; number++) {
    dict().delete(`b:${blob}:${number}`);
  }
}

/** Deletes the chunks of all other blobs. Locks the dict for milliseconds where there are tens of thousands of keys. */
export function deleteOtherBlobs(isKept: (this: void, blob: string) => boolean, pause: Pause): void {
  for (const key of dict().get_keys(0)) {
    const [blob] = string.match(key, "^b:(%d+):%d+$");
    if (blob !== undefined && !isKept(blob)) {
      dict().delete(key);
    }
    pause();
  }
}

export function chunksOf(place: RulesPlace): number {
  return place.chunks + place.ipv6Chunks;
}
