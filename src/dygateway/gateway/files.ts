/** Whole files, written aside and renamed, so that nobody ever reads half of one. */

declare function require(this: void, name: string): Ffi;

interface Ffi {
  readonly C: {
    umask(this: void, mask: number): number;
    fileno(this: void, file: LuaFile): number;
    fsync(this: void, descriptor: number): number;
    realpath(this: void, path: string, resolved: undefined): unknown;
    free(this: void, memory: unknown): void;
  };
  cdef(this: void, declarations: string): void;
  string(this: void, text: unknown): string;
}

const ffi = require("ffi");
ffi.cdef(`
unsigned int umask(unsigned int mask);
int fileno(void *file);
int fsync(int descriptor);
char *realpath(const char *path, char *resolved);
void free(void *memory);
`);

/** Nobody else on the machine has a say in what a gateway serves: rw-r-----, whatever nginx's own umask (0) is. */
const PRIVATE_UMASK = 0o027;
/** rw-r--r--: what nginx's configuration usually is. */
export const PUBLIC_UMASK = 0o022;

export interface Writing {
  readonly umask?: number;
  /** Where the file that was there goes, once the new one is complete. */
  readonly keepAs?: string;
  /** Waits for the disk, so that a machine that loses its power has the old file or the new one. */
  readonly isDurable?: boolean;
}

/** @throws with the system's reason. */
function openAs(path: string, umask: number): LuaFile {
  const before = ffi.C.umask(umask);
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

/** Where a path leads in the end; itself where there is nothing. */
export function realPath(path: string): string {
  const resolved = ffi.C.realpath(path, undefined);
  // A null pointer of the ffi equals nil.
  if (resolved === undefined) {
    return path;
  }
  const text = ffi.string(resolved);
  ffi.C.free(resolved);
  return text;
}

/** @throws with the system's reason. */
export function writeFile(
  path: string,
  writeTo: (this: void, file: LuaFile) => void,
  { umask = PRIVATE_UMASK, keepAs, isDurable = false }: Writing = {},
): void {
  const aside = `${path}.new`;
  // A worker that hangs may still hold its own half of it open: it must not go on writing into ours.
  os.remove(aside);
  const file = openAs(aside, umask);
  const [written, refused] = pcall(writeTo, file);
  const [flushed, problem] = flush(file);
  if (isDurable) {
    ffi.C.fsync(ffi.C.fileno(file));
  }
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
export function writeText(file: LuaFile, text: string): void {
  const [written, reason] = file.write(text);
  if (written === undefined) {
    throw reason;
  }
}

/** @throws with the system's reason. */
export function writeLine(file: LuaFile, line: string): void {
  writeText(file, `${line}\n`);
}

/** No such file or directory (errno(3)). */
const ENOENT = 2;

/** Lua's `read` answers nil and a reason where the file is a folder, for one; its typing knows no reason. */
const readAll = (file: LuaFile): LuaMultiReturn<[string | undefined, string?]> =>
  (file as unknown as { read(what: string): LuaMultiReturn<[string | undefined, string?]> }).read("*a");

/** The whole file; "" where there is none. @throws with the system's reason when there is one that cannot be read. */
export function readExisting(path: string): string {
  const [file, reason, code] = io.open(path, "rb");
  if (file === undefined) {
    if (code === ENOENT) {
      return "";
    }
    throw reason;
  }
  const [text, problem] = readAll(file);
  file.close();
  if (text === undefined) {
    throw `${path}: ${problem ?? "could not be read"}`;
  }
  return text;
}

/** Undefined where there is no file that can be read. */
export function readFileText(path: string): string | undefined {
  const [file] = io.open(path, "rb");
  const text = file?.read("*a");
  file?.close();
  return text;
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
