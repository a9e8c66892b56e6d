import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ReleaseFile } from "../render/release.ts";

/**
 * Lets `judge` see files in a folder of their own, which is gone afterwards. The OSPF key is not written: what is
 * judged has as many x.
 */
export async function withWritten<T>(files: readonly ReleaseFile[], judge: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "dygateway-lvs-"));
  try {
    for (const file of files) {
      const path = join(folder, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.isSecret ? withoutKey(file.text) : file.text);
      chmodSync(path, file.mode);
    }
    return await judge(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const withoutKey = (text: string): string =>
  text.replace(/( md5 )(\S+)$/gm, (_, words: string, key: string) => words + "x".repeat(key.length));
