import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { tarOf } from "../archive/tar.ts";
import type { FinishedFile } from "./finished.ts";

const compress = promisify(gzip);

/** A tar.gz of a tree; the same tree gives the same bytes. */
export async function tarGz(files: readonly FinishedFile[]): Promise<Buffer> {
  return compress(tarOf(files.map(({ path, text }) => ({ path, text, mode: 0o644 }))), { level: 9 });
}
