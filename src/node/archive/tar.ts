const block = 512;
/** 2001-01-01: an archive of the same files has the same bytes; of 1970, GNU tar warns. */
const changed = 978_307_200;
const longestName = 100;
const longestPrefix = 155;

export interface ArchivedFile {
  /** Of letters, digits, `_ . - /`; one that `fitsArchive`. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** A ustar archive of files and the folders they are in, owned by root. */
export function tarOf(files: readonly ArchivedFile[]): Buffer {
  const folders = [...new Set(files.flatMap(({ path }) => foldersOf(path)))].sort();
  return Buffer.concat([
    ...folders.map((path) => header(path, 0o755, 0, "5")),
    ...files.flatMap(({ path, mode, text }) => {
      const content = Buffer.from(text);
      return [header(path, mode, content.length, "0"), content, Buffer.alloc(-content.length & (block - 1))];
    }),
    Buffer.alloc(2 * block),
  ]);
}

/** Whether a header has room for a path; it then has for the folders of the path, too. */
export function fitsArchive(path: string): boolean {
  return splitPath(path) !== undefined;
}

/** `a/b/c`: `a`, `a/b`. */
function foldersOf(path: string): string[] {
  const steps = path.split("/").slice(0, -1);
  return steps.map((_, index) => steps.slice(0, index + 1).join("/"));
}

/** A path that is too long for the field of the name is split at a slash. */
function splitPath(path: string): { readonly prefix: string; readonly name: string } | undefined {
  if (path.length <= longestName) return { prefix: "", name: path };
  const slash = path.indexOf("/", path.length - 1 - longestName);
  return slash < 0 || slash > longestPrefix ? undefined : { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
}

function header(path: string, mode: number, size: number, kind: "0" | "5"): Buffer {
  const split = splitPath(path);
  if (split === undefined) throw new Error(`the path ${path} is too long for an archive`);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
  bytes.write(split.name, 0);
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
  bytes.write(split.prefix, 345);
  // The sum of all bytes, with its own field as spaces.
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}
