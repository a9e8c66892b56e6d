import type { ReleaseFile } from "../render/release.ts";

const block = 512;
/** 2001-01-01: an archive of the same files has the same bytes. */
const changed = 978_307_200;

/**
 * A ustar archive of files and the folders they are in, owned by root. Paths are a release's: short, and of letters,
 * digits, `_ . - /`.
 */
export function tarOf(files: readonly ReleaseFile[]): Buffer {
  const folders = [...new Set(files.filter(({ path }) => path.includes("/")).map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1)))];
  return Buffer.concat([
    ...folders.sort().map((path) => header(path, 0o755, 0, "5")),
    ...files.flatMap(({ path, mode, text }) => {
      const content = Buffer.from(text);
      const rest = Buffer.alloc((block - (content.length % block)) % block);
      return [header(path, mode, content.length, "0"), content, rest];
    }),
    Buffer.alloc(2 * block),
  ]);
}

function header(path: string, mode: number, size: number, kind: "0" | "5"): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`the path ${path} is too long for an archive`);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
  bytes.write(path, 0);
  bytes.write(octal(mode, 7), 100);
  bytes.write(octal(0, 7), 108);
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(size, 11), 124);
  bytes.write(octal(changed, 11), 136);
  bytes.write(" ".repeat(8), 148);
  bytes.write(kind, 156);
  bytes.write("ustar\x0000", 257, "latin1");
  bytes.write("root", 265);
  bytes.write("root", 297);
  // The sum of all bytes, with its own field as spaces.
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}
