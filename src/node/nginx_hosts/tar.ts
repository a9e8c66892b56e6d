import { gzip } from "node:zlib";
import { promisify } from "node:util";
import type { FinishedFile } from "./finished.ts";

const blockBytes = 512;
const compress = promisify(gzip);

/** A tar.gz of a tree; the same tree gives the same bytes, so times, owners and modes are fixed. */
export async function tarGz(files: readonly FinishedFile[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const { path, text } of files) {
    const content = Buffer.from(text);
    parts.push(header(path, content.length), content, Buffer.alloc(-content.length & (blockBytes - 1)));
  }
  return compress(Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]), { level: 9 });
}

/** One POSIX ustar header. A name of more than 100 bytes is split at a slash into prefix and name. */
function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const split = path.length <= 100 ? -1 : path.indexOf("/", path.length - 101);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
  block.write(path.slice(split + 1), 0);
  block.write(octal(0o644, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\x0000", 257, "latin1");
  if (split > 0) block.write(path.slice(0, split), 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
