import { diversionTypes } from "../diversion/index.ts";
import { policyBroken, storeRefused } from "../errors.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError, listReply, numberReply, textReply } from "./command.ts";
import type { Command, Reply, StoreWork } from "./command.ts";
import { countCommand, readPairs } from "./divdata.ts";
import { LARGEST_ID } from "./ids.ts";
import type { Keys } from "./keys.ts";
import { texts } from "./names.ts";
import type { Storage } from "../diversion/diversion_type.ts";
import type { PolicyMeta } from "../policy/policy.ts";

/** A policy as it is stored. */
export interface ReadPolicy {
  readonly divtype: string;
  readonly storage: Storage;
  readonly pairs: string[];
  readonly ipv6: string[];
  readonly meta: PolicyMeta;
}

const LIST_STEP = 200;
/** Ids gone through for one page, so that a counter that somebody set far ahead does not keep a worker busy. */
const MAX_IDS_A_PAGE = 20000;
export const MAX_PAGE = 1000;

/** The storage that a Redis type is; undefined for the types that no policy has. */
export function storageOf(type: Reply | undefined): Storage | undefined {
  return type === "hash" || type === "zset" || type === "list" ? type : undefined;
}

export function decodeMeta(reply: Reply | undefined): PolicyMeta {
  const fields: Lookup<string> = lookup();
  const items = texts(reply);
  for (let i = 0; i + 1 < items.length; i += 2) {
    fields[items[i]!] = items[i + 1]!;
  }
  return { name: fields["name"], userinfo: fields["userinfo"], salt: fields["salt"] };
}

/** Reads a policy whole; undefined where there is none. */
export function* readPolicy(keys: Keys, id: string): StoreWork<Result<ReadPolicy | undefined>> {
  const [divtype, type, meta, ipv6Count] = yield [
    ["GET", keys.divtype(id)],
    ["TYPE", keys.divdata(id)],
    ["HGETALL", keys.policyMeta(id)],
    countCommand(keys.divdataIpv6(id), "zset"),
  ];
  if (isError(divtype)) {
    return failure(policyBroken(id, divtype.message));
  }
  const text = textReply(divtype);
  if (text === undefined) {
    return success(undefined);
  }
  const pairs: string[] = [];
  const ipv6: string[] = [];
  const seen: Lookup<boolean> = lookup();
  const storage = storageOf(type) ?? diversionTypes[text]?.storage ?? "hash";
  if (type !== "none") {
    const [count] = yield [countCommand(keys.divdata(id), storage)];
    const read = yield* readPairs(keys.divdata(id), storage, count, (first, second) => {
      // A hash that is being rehashed may answer a field twice.
      if (storage !== "hash" || seen[first] !== true) {
        seen[first] = true;
        pairs.push(first, second);
      }
    });
    if (!read.ok) {
      return failure(policyBroken(id, read.error.desc));
    }
  }
  const readIpv6 = yield* readPairs(keys.divdataIpv6(id), "zset", ipv6Count, (first, second) => {
    ipv6.push(first, second);
  });
  if (!readIpv6.ok) {
    return failure(policyBroken(id, readIpv6.error.desc));
  }
  return success({ divtype: text, storage, pairs, ipv6, meta: decodeMeta(meta) });
}

export interface ListedPolicy {
  readonly id: string;
  readonly divtype: string;
  /** Rules; of a uidappoint policy, uids. */
  readonly rules: number;
  readonly meta: PolicyMeta;
}

export interface ListedGroup {
  readonly id: string;
  readonly policyIds: readonly string[];
  readonly name: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page starts; undefined on the last. */
  readonly next: number | undefined;
}

/**
 * Collects up to `size` items by going through the ids of a counter from `from` on, `LIST_STEP` ids a pipeline. Where few
 * of them are left in use, a page may have fewer items, or none, and a next one all the same.
 */
function* listByCounter<T>(
  counter: string,
  from: number,
  size: number,
  read: (this: void, ids: readonly string[]) => StoreWork<Result<T[]>>,
  idOf: (this: void, item: T) => string,
): StoreWork<Result<Page<T>>> {
  const [last] = yield [["GET", counter]];
  if (isError(last)) {
    return failure(storeRefused(`${counter}: ${last.message}`));
  }
  const most = numberReply(last);
  if (most > LARGEST_ID) {
    return failure(storeRefused(`${counter} is not a number up to ${LARGEST_ID}`));
  }
  const items: T[] = [];
  for (let start = from; start <= most; start += LIST_STEP) {
    if (start - from >= MAX_IDS_A_PAGE) {
      return success({ items, next: start });
    }
    const ids: string[] = [];
    for (let id = start; id <= most && id < start + LIST_STEP; id++) {
      ids.push(`${id}`);
    }
    const found = yield* read(ids);
    if (!found.ok) {
      return found;
    }
    for (const item of found.value) {
      if (items.length === size) {
        return success({ items, next: Number(idOf(item)) });
      }
      items.push(item);
    }
  }
  return success({ items, next: undefined });
}

function* readListedPolicies(keys: Keys, ids: readonly string[]): StoreWork<Result<ListedPolicy[]>> {
  const commands: Command[] = [["MGET", ...ids.map((id) => keys.divtype(id))]];
  for (const id of ids) {
    commands.push(["TYPE", keys.divdata(id)], ["HGETALL", keys.policyMeta(id)], ["ZCARD", keys.divdataIpv6(id)]);
  }
  const replies = yield commands;
  const divtypes = listReply(replies[0]);
  const counts: Command[] = [];
  for (let i = 0; i < ids.length; i++) {
    counts.push(countCommand(keys.divdata(ids[i]!), storageOf(replies[1 + i * 3]) ?? "hash"));
  }
  const sizes = yield counts;
  const found: ListedPolicy[] = [];
  for (let i = 0; i < ids.length; i++) {
    const divtype = textReply(divtypes[i]);
    if (divtype !== undefined) {
      const main = numberReply(sizes[i]);
      const ipv6 = numberReply(replies[3 + i * 3]);
      const entriesARule = replies[1 + i * 3] === "hash" ? 1 : 2;
      const rules = (main > 0 ? main / entriesARule : 0) + (ipv6 > 0 ? ipv6 : 0);
      found.push({ id: ids[i]!, divtype, rules, meta: decodeMeta(replies[2 + i * 3]) });
    }
  }
  return success(found);
}

function* readListedGroups(keys: Keys, ids: readonly string[]): StoreWork<Result<ListedGroup[]>> {
  const commands: Command[] = [];
  for (const id of ids) {
    commands.push(["LRANGE", keys.group(id), "0", "-1"], ["HGET", keys.groupMeta(id), "name"]);
  }
  const replies = yield commands;
  const found: ListedGroup[] = [];
  for (let i = 0; i < ids.length; i++) {
    const policyIds = texts(replies[i * 2]);
    if (policyIds.length > 0) {
      found.push({ id: ids[i]!, policyIds, name: textReply(replies[i * 2 + 1]) });
    }
  }
  return success(found);
}

/** @param from the id to start at. @param size items a page, up to MAX_PAGE. */
export function listPolicies(keys: Keys, from: number, size: number): StoreWork<Result<Page<ListedPolicy>>> {
  const read = (ids: readonly string[]): StoreWork<Result<ListedPolicy[]>> => readListedPolicies(keys, ids);
  return listByCounter(keys.policyIdCount, from, size, read, (policy) => policy.id);
}

/** @param from the id to start at. @param size items a page, up to MAX_PAGE. */
export function listGroups(keys: Keys, from: number, size: number): StoreWork<Result<Page<ListedGroup>>> {
  const read = (ids: readonly string[]): StoreWork<Result<ListedGroup[]>> => readListedGroups(keys, ids);
  return listByCounter(keys.groupIdCount, from, size, read, (group) => group.id);
}
