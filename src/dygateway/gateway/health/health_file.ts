import { noPause } from "../../core/result.ts";
import type { Pause } from "../../core/result.ts";
import { readLines, writeFile, writeLine } from "../files.ts";
import { logError, logErrorSometimes, logNotice } from "../log.ts";
import { cjson } from "../platform.ts";
import { readText } from "../shared_dict.ts";
import { HEALTH, NAMES, recordNames, recordWriter } from "./records.ts";
import type { NamedRecord } from "./records.ts";

/**
 * What the node knows of peers and names, beside the snapshot, so that a restart starts with it: `health` in the same
 * folder. A head line with format, checksum and number of lines; when it was written; then a record a line, with its
 * key in the shared dict before it.
 */
const FORMAT = "dygateway-health 1";
const FILE = "health";

/** Seconds between two writings. */
const SAVE_SECONDS = 1;
/** Writing takes at most this part of a worker's time. */
const SHARE = 0.1;
/** Seconds after which it is written although nothing changed: it says that the node was still looking. */
const RENEW_SECONDS = 60;
/** Seconds after which what is in the file of peers' health says nothing any more. Addresses of names never grow old. */
const FRESH_SECONDS = 600;

function digestOf(lines: readonly string[], from: number, pause: Pause): string {
  let digest = "";
  for (let i = from; i < lines.length; i++) {
    digest = ngx.md5(digest + lines[i]!);
    pause();
  }
  return digest;
}

/** When, and what. */
function recordLines(pause: Pause): string[] {
  const lines = [`${ngx.now()}`];
  for (const kind of [HEALTH, NAMES]) {
    for (const name of recordNames(kind)) {
      const text = readText(`${kind.prefix}${name}`);
      if (text !== undefined) {
        lines.push(`${kind.prefix}${name} ${text}`);
      }
      pause();
    }
  }
  return lines;
}

function save(dir: string, lines: readonly string[], pause: Pause): void {
  const head = `${FORMAT} ${digestOf(lines, 0, pause)} ${lines.length}`;
  writeFile(`${dir}/${FILE}`, (file) => {
    writeLine(file, head);
    for (const line of lines) {
      writeLine(file, line);
      pause();
    }
  });
}

/** Keeps the file up with the records. */
export interface HealthKeeper {
  readonly changed: (this: void) => void;
  /** Writes if there is something to write and the last time is long enough ago. */
  readonly save: (this: void) => void;
}

/** @param dir "" keeps nothing. */
export function createHealthKeeper(dir: string, pause: Pause): HealthKeeper {
  let dirty = false;
  let isThere = true;
  let triedAt = 0;
  let waitSeconds = SAVE_SECONDS;
  return {
    changed: () => {
      dirty = true;
    },
    save: () => {
      const now = ngx.now();
      const isDue = dirty ? now - triedAt >= waitSeconds : now - triedAt >= RENEW_SECONDS;
      if (dir === "" || !isDue) {
        return;
      }
      triedAt = now;
      dirty = false;
      const lines = recordLines(pause);
      const hasRecords = lines.length > 1;
      if (!hasRecords && !isThere) {
        return;
      }
      isThere = hasRecords;
      const [saved, reason] = pcall(save, dir, lines, pause);
      waitSeconds = Math.max(SAVE_SECONDS, (ngx.now() - now) / SHARE);
      if (!saved) {
        dirty = true;
        logErrorSometimes("health file", `${dir}/${FILE} could not be written: ${tostring(reason)}`);
      }
    },
  };
}

/** Puts what was known before the node stopped into the shared dict. Called when it is empty, before workers are there. */
export function restoreHealth(dir: string): void {
  const path = `${dir}/${FILE}`;
  const lines = readLines(path);
  if (lines === undefined) {
    return;
  }
  if (lines[0] !== `${FORMAT} ${digestOf(lines, 1, noPause)} ${lines.length - 1}`) {
    logError(`${path} is not used: it is damaged, cut off or of another format`);
    return;
  }
  const age = ngx.now() - (tonumber(lines[1]) ?? 0);
  const isFresh = age >= 0 && age <= FRESH_SECONDS;
  const upstreams: NamedRecord<unknown>[] = [];
  const names: NamedRecord<unknown>[] = [];
  for (let i = 2; i < lines.length; i++) {
    const line = lines[i]!;
    const space = line.indexOf(" ");
    const key = line.slice(0, space);
    const [record] = cjson.decode(line.slice(space + 1));
    if (key.startsWith(NAMES.prefix)) {
      names.push({ name: key.slice(NAMES.prefix.length), record });
    } else if (isFresh) {
      upstreams.push({ name: key.slice(HEALTH.prefix.length), record });
    }
  }
  recordWriter<unknown>(HEALTH).write(upstreams, noPause);
  recordWriter<unknown>(NAMES).write(names, noPause);
  logNotice(`the health of ${upstreams.length} upstreams' peers is what it was ${Math.floor(age)} seconds ago`);
}
