/** Whole files, written aside and renamed, so that nobody ever reads half of one. */

declare function require(this: void, name: string): Ffi;

interface Ffi {
  readonly C: { umask(this: void, mask: number): number };
  cdef(this: void, declarations: string): void;
}

const ffi = require("ffi");
ffi.cdef("unsigned int umask(unsigned int mask);");

/** Nobody else on the machine has a say in what a gateway serves: rw-r-----, whatever nginx's own umask (0) is. */
const FILE_UMASK = 0o027;

/** @throws with the system's reason. */
function openPrivately(path: string): LuaFile {
  const before = ffi.C.umask(FILE_UMASK);
  const [file, reason] = io.open(path, "wb");
  ffi.C.umask(before);
  if (file === undefined) {
    throw reason;
  }
  return file;
}

/** Lua's `flush` answers nil and a reason where the disk is full; its typing knows only of true. */
const flush = (file: LuaFile): LuaMultiReturn<[boolean | undefined, string?]> =>
  (file as unknown as { flush(): LuaMultiReturn<[boolean | undefined, string?]> }).flush();

/**
 * @param keepAs where the file that was there goes, once the new one is complete.
 * @throws with the system's reason.
 */
export function writeFile(path: string, writeTo: (this: void, file: LuaFile) => void, keepAs?: string): void {
  const aside = `${path}.new`;
  // A worker that hangs may still hold its own half of it open: it must not go on writing into ours.
  os.remove(aside);
  const file = openPrivately(aside);
  const [written, refused] = pcall(writeTo, file);
  const [flushed, problem] = flush(file);
  file.close();
  if (!written || flushed === undefined) {
    // Where the disk is full, half a file would keep it so.
    os.remove(aside);
    throw written ? `${path}: ${problem ?? "could not be written"}` : refused;
  }
  if (keepAs !== undefined) {
    os.rename(path, keepAs);
  }
  const [renamed, refusal] = os.rename(aside, path);
  if (renamed !== true) {
    throw refusal;
  }
}

/** @throws with the system's reason: a full disk shows up here. */
export function writeLine(file: LuaFile, line: string): void {
  const [written, reason] = file.write(line, "\n");
  if (written === undefined) {
    throw reason;
  }
}

export function exists(path: string): boolean {
  const [file] = io.open(path, "rb");
  file?.close();
  return file !== undefined;
}

/** Goes through a file line by line, so that a large one never stands in memory whole; a missing one has no lines. */
export function eachLine(path: string, take: (this: void, line: string) => void): boolean {
  const [file] = io.open(path, "rb");
  if (file === undefined) {
    return false;
  }
  for (let line = file.read("*l"); line !== undefined; line = file.read("*l")) {
    take(line);
  }
  file.close();
  return true;
}

/** The lines of a file; undefined where there is none. */
export function readLines(path: string): string[] | undefined {
  const lines: string[] = [];
  return eachLine(path, (line) => lines.push(line)) ? lines : undefined;
}
