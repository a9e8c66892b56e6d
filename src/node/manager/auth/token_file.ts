import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { lock } from "../../nginx_hosts/pull/lock.ts";
import { writeWhole } from "../write_whole.ts";
import { tokenEntry, type TokenEntry } from "./tokens.ts";

const fileShape = z.strictObject({ version: z.literal(1), tokens: z.array(tokenEntry) });

export const tokensUnreadable = (file: string, reason: string): Error =>
  new Error(`${file} is not usable (${reason}); it holds the tokens' hashes: restore it, or remove it and create tokens anew`);
export const tokensBusy = (owner: number): Error => new Error(`process ${owner} is changing the tokens; try again`);

/** `tokens.json` of the state folder. The service looks at it before each request, so what is revoked is out at once. */
export class TokenFile {
  readonly #folder: string;
  #seen = "";
  #entries: readonly TokenEntry[] = [];

  /** @param folder the service's state folder. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get path(): string {
    return join(this.#folder, "tokens.json");
  }

  /** Throws where the file is there and not usable: then nobody gets in. */
  read(): readonly TokenEntry[] {
    let state: string;
    try {
      const { mtimeNs, size, ino } = statSync(this.path, { bigint: true });
      state = `${ino} ${size} ${mtimeNs}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
    if (state !== this.#seen) {
      this.#entries = parse(this.path, readFileSync(this.path, "utf8"));
      this.#seen = state;
    }
    return this.#entries;
  }

  /** Changes the list; nobody else changes it meanwhile. */
  change(edit: (entries: readonly TokenEntry[]) => readonly TokenEntry[]): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const locked = lock(join(this.#folder, "tokens.lock"));
    if (!locked.ok) throw tokensBusy(locked.owner);
    try {
      writeWhole(this.path, `${JSON.stringify({ version: 1, tokens: edit(this.read()) }, null, 2)}\n`, 0o600);
    } finally {
      locked.release();
    }
  }
}

function parse(path: string, text: string): readonly TokenEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw tokensUnreadable(path, "not JSON");
  }
  const read = fileShape.safeParse(value);
  if (!read.success) throw tokensUnreadable(path, read.error.issues[0]?.message ?? "another shape");
  return read.data.tokens;
}
