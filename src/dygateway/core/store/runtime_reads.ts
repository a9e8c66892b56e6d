import { parseDecimal } from "../decimal.ts";
import { runtimeBroken, storeRefused } from "../errors.ts";
import { shortened } from "../json/utf8.ts";
import { lookup, sortedKeys } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { MAX_LEVELS } from "../runtime/levels.ts";
import { isError, listReply, numberReply, textReply } from "./command.ts";
import type { Reply, StoreWork } from "./command.ts";
import { globLiteral } from "./keys.ts";
import type { Keys } from "./keys.ts";
import { texts } from "./names.ts";

/** One level as it is stored. */
export interface StoredLevel {
  readonly divModulename: string;
  readonly divDataKey: string;
  readonly userInfoModulename: string;
}

export interface StoredRuntime {
  readonly hostname: string;
  readonly divsteps: number;
  /** As many as divsteps says; a level with a field missing, or much too long, has it empty. */
  readonly levels: readonly StoredLevel[];
}

const SCAN_PAGE = "1000";
const RUNTIMES_A_STEP = 50;

/** Longer than any key or module name that could be meant; one beyond was put there by accident. */
export const MAX_LEVEL_FIELD_LENGTH = 1024;
/** Of a divsteps that is none, this much is shown. */
const SHOWN = 20;

function levelField(reply: Reply | undefined): string {
  const text = textReply(reply) ?? "";
  return text.length > MAX_LEVEL_FIELD_LENGTH ? "" : text;
}

/** What MGET of `keys.runtime(hostname)` answered; undefined where there is no runtime. */
export function decodeRuntime(hostname: string, reply: Reply | undefined): Result<StoredRuntime | undefined> {
  if (isError(reply)) {
    return failure(storeRefused(reply.message));
  }
  const values = listReply(reply);
  const text = textReply(values[0]);
  if (text === undefined) {
    return success(undefined);
  }
  const divsteps = parseDecimal(text);
  if (divsteps < 0 || divsteps > MAX_LEVELS) {
    return failure(runtimeBroken(hostname, `divsteps is '${shortened(text, SHOWN)}', a number from 1 to ${MAX_LEVELS} is expected`));
  }
  const levels: StoredLevel[] = [];
  for (let level = 0; level < divsteps; level++) {
    const at = 1 + level * 3;
    levels.push({
      divModulename: levelField(values[at]),
      divDataKey: levelField(values[at + 1]),
      userInfoModulename: levelField(values[at + 2]),
    });
  }
  return success({ hostname, divsteps, levels });
}

/** Reads one runtime, in one command, so that it is never half of one and half of another. */
export function* readRuntime(keys: Keys, hostname: string): StoreWork<Result<StoredRuntime | undefined>> {
  const [reply] = yield [["MGET", ...keys.runtime(hostname)]];
  return decodeRuntime(hostname, reply);
}

/** Most runtimes have no more; of those that have, all fields are read once more. */
const LEVELS_READ_FIRST = 1;

/** Reads many runtimes, each in one command that has all of it; results are in the order of the hostnames. */
export function* readRuntimes(
  keys: Keys,
  hostnames: readonly string[],
): StoreWork<Result<StoredRuntime | undefined>[]> {
  const replies = yield hostnames.map((hostname) => ["MGET", ...keys.runtime(hostname, LEVELS_READ_FIRST)]);
  const larger: number[] = [];
  for (let i = 0; i < hostnames.length; i++) {
    if (numberReply(listReply(replies[i])[0]) > LEVELS_READ_FIRST) {
      larger.push(i);
    }
  }
  if (larger.length > 0) {
    const whole = yield larger.map((i) => ["MGET", ...keys.runtime(hostnames[i]!)]);
    for (let n = 0; n < larger.length; n++) {
      replies[larger[n]!] = whole[n]!;
    }
  }
  return hostnames.map((hostname, i) => decodeRuntime(hostname, replies[i]));
}

/** Every hostname that has a runtime, sorted. Goes through the store in pages, never with KEYS. */
export function* listHostnames(keys: Keys): StoreWork<Result<string[]>> {
  const found: Lookup<boolean> = lookup();
  const pattern = `${globLiteral(keys.prefix)}:runtimeInfo:*:divsteps`;
  let cursor = "0";
  do {
    const [reply] = yield [["SCAN", cursor, "MATCH", pattern, "COUNT", SCAN_PAGE]];
    if (isError(reply)) {
      return failure(storeRefused(reply.message));
    }
    const page = listReply(reply);
    for (const key of texts(page[1])) {
      const hostname = keys.hostnameOf(key);
      if (hostname !== undefined) {
        found[hostname] = true;
      }
    }
    cursor = textReply(page[0]) ?? "0";
  } while (cursor !== "0");
  return success(sortedKeys(found));
}

export interface RuntimeUse {
  readonly hostname: string;
  readonly policyIds: readonly string[];
}

/** Hostnames whose runtimes use any of the policies, and which. */
export function* runtimesUsing(keys: Keys, policyIds: readonly string[]): StoreWork<Result<RuntimeUse[]>> {
  const hostnames = yield* listHostnames(keys);
  if (!hostnames.ok) {
    return hostnames;
  }
  const uses: RuntimeUse[] = [];
  for (let start = 0; start < hostnames.value.length; start += RUNTIMES_A_STEP) {
    const page = hostnames.value.slice(start, start + RUNTIMES_A_STEP);
    const replies = yield page.map((hostname) => ["MGET", ...keys.runtime(hostname)]);
    for (let i = 0; i < page.length; i++) {
      const hostname = page[i]!;
      const runtime = decodeRuntime(hostname, replies[i]);
      const levels = runtime.ok && runtime.value !== undefined ? runtime.value.levels : [];
      const used = policyIds.filter((id) => levels.some((level) => level.divDataKey === keys.divdata(id)));
      if (used.length > 0) {
        uses.push({ hostname, policyIds: used });
      }
    }
  }
  return success(uses);
}

export function describeUse(uses: readonly RuntimeUse[]): string {
  return uses.map((use) => use.hostname).join(", ");
}
