import type { Storage } from "../diversion/diversion_type.ts";
import { divdataBroken } from "../errors.ts";
import type { PolicyMeta } from "../policy/policy.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError, numberReply, textReply, together } from "./command.ts";
import type { Command, Reply, StoreWork } from "./command.ts";
import { countCommand, firstPageCommand, readPairs, takeWhole } from "./divdata.ts";
import type { TakePair } from "./divdata.ts";
import { decodeMeta, storageOf } from "./policy_reads.ts";

/** Takes the rules of a policy pair by pair, so that a large one need not be held whole. */
export interface RulesSink {
  readonly divdata: TakePair;
  readonly ipv6: TakePair;
}

export interface LoadedRules {
  readonly storage: Storage;
  readonly entries: number;
  readonly ipv6Entries: number;
  readonly meta: PolicyMeta;
}

/** Longer than any rule that a policy_set would take; a longer one was put there by accident. */
export const MAX_FIELD_LENGTH = 65536;

/** The same of a policy's options. */
const MAX_OPTION_LENGTH = 1024;

function isMonstrous(option: string | undefined): boolean {
  return option !== undefined && option.length > MAX_OPTION_LENGTH;
}

const DIVDATA = ":divdata";

/** What stands beside a divdata key: the keys of the same policy that the predecessor does not know. */
function siblings(divDataKey: string): { readonly ipv6: string; readonly meta: string } {
  const end = divDataKey.length - DIVDATA.length;
  const base = divDataKey.slice(end) === DIVDATA ? divDataKey.slice(0, end) : divDataKey;
  return { ipv6: `${base}:divdata_ipv6`, meta: `${base}:meta` };
}

/** What is known of a divdata key before its rules are read. */
interface Head {
  readonly divDataKey: string;
  readonly ipv6Key: string;
  readonly storage: Storage | undefined;
  readonly ipv6Count: Reply | undefined;
  readonly meta: PolicyMeta;
}

const HEAD_COMMANDS = 3;

function headCommands(divDataKey: string): Command[] {
  const beside = siblings(divDataKey);
  return [["TYPE", divDataKey], ["HGETALL", beside.meta], countCommand(beside.ipv6, "zset")];
}

/** @param from where the replies to `headCommands` begin. */
function decodeHead(divDataKey: string, replies: readonly Reply[], from: number): Result<Head> {
  const beside = siblings(divDataKey);
  const type = replies[from];
  const metaReply = replies[from + 1];
  const ipv6Count = replies[from + 2];
  const storage = storageOf(type);
  if (isError(type) || (storage === undefined && type !== "none")) {
    const found = isError(type) ? type.message : `it is a ${textReply(type) ?? "?"}`;
    return failure(divdataBroken(`${divDataKey}: a hash, sorted set or list is expected, ${found}`));
  }
  if (isError(metaReply) || isError(ipv6Count)) {
    const broken = isError(metaReply) ? `${beside.meta}: ${metaReply.message}` : `${beside.ipv6} is no sorted set`;
    return failure(divdataBroken(broken));
  }
  const meta = decodeMeta(metaReply);
  if (isMonstrous(meta.name) || isMonstrous(meta.userinfo) || isMonstrous(meta.salt)) {
    return failure(divdataBroken(`${beside.meta}: an option longer than ${MAX_OPTION_LENGTH} bytes`));
  }
  return success({ divDataKey, ipv6Key: beside.ipv6, storage, ipv6Count, meta });
}

/** Hands on what is not too long, and remembers whether anything was. */
interface Bounded {
  readonly divdata: TakePair;
  readonly ipv6: TakePair;
  readonly isOversized: (this: void) => boolean;
}

function bounded(sink: RulesSink): Bounded {
  let oversized = false;
  const within = (take: TakePair): TakePair => (first, second) => {
    if (first.length > MAX_FIELD_LENGTH || second.length > MAX_FIELD_LENGTH) {
      oversized = true;
    } else {
      take(first, second);
    }
  };
  return { divdata: within(sink.divdata), ipv6: within(sink.ipv6), isOversized: () => oversized };
}

/** @param size of divdata, as its count says; 0 where there is none. */
function loadedRules(head: Head, size: number, ipv6Entries: number, isOversized: boolean): Result<LoadedRules> {
  const { divDataKey, storage, ipv6Count, meta } = head;
  if (isOversized) {
    return failure(divdataBroken(`${divDataKey}: an entry longer than ${MAX_FIELD_LENGTH} bytes`));
  }
  const entries = storage === "list" ? Math.ceil(size / 2) : size;
  if (entries === 0 && numberReply(ipv6Count) <= 0) {
    return failure(divdataBroken(`${divDataKey}: there is no data`));
  }
  return success({ storage: storage ?? "zset", entries, ipv6Entries, meta });
}

function* loadPages(head: Head, sink: RulesSink): StoreWork<Result<LoadedRules>> {
  const { divDataKey, storage } = head;
  const take = bounded(sink);
  let size = 0;
  if (storage !== undefined) {
    const [count] = yield [countCommand(divDataKey, storage)];
    const read = yield* readPairs(divDataKey, storage, count, take.divdata);
    if (!read.ok) {
      return read;
    }
    size = read.value;
  }
  const ipv6 = yield* readPairs(head.ipv6Key, "zset", head.ipv6Count, take.ipv6);
  return ipv6.ok ? loadedRules(head, size, ipv6.value, take.isOversized()) : ipv6;
}

/**
 * Reads the rules that a runtime's level points at.
 *
 * @returns what was read, or why it cannot be served: no data, a type that no policy has, a monstrous field.
 */
export function* loadRules(divDataKey: string, sink: RulesSink): StoreWork<Result<LoadedRules>> {
  const head = decodeHead(divDataKey, yield headCommands(divDataKey), 0);
  return head.ok ? yield* loadPages(head.value, sink) : head;
}

/**
 * The same of many keys: two pipelines for all that are small, as those of thousands of runtimes are; the others page by
 * page.
 *
 * @param sinks of the keys, in their order.
 */
export function* loadManyRules(divDataKeys: readonly string[], sinks: readonly RulesSink[]): StoreWork<Result<LoadedRules>[]> {
  const asked: Command[] = [];
  for (const key of divDataKeys) {
    for (const command of headCommands(key)) {
      asked.push(command);
    }
  }
  const replies = yield asked;
  const heads = divDataKeys.map((key, i) => decodeHead(key, replies, i * HEAD_COMMANDS));
  const pages: Command[] = [];
  for (const head of heads) {
    if (head.ok && head.value.storage !== undefined) {
      pages.push(countCommand(head.value.divDataKey, head.value.storage), firstPageCommand(head.value.divDataKey, head.value.storage));
    }
  }
  const read = pages.length === 0 ? [] : yield pages;
  const results: Result<LoadedRules>[] = [];
  const larger: number[] = [];
  const works: StoreWork<Result<LoadedRules>>[] = [];
  let at = 0;
  for (let i = 0; i < heads.length; i++) {
    const head = heads[i]!;
    const small = head.ok ? takeSmall(head.value, read, at, sinks[i]!) : head;
    at += head.ok && head.value.storage !== undefined ? 2 : 0;
    if (small !== undefined) {
      results[i] = small;
    } else if (head.ok) {
      // Its place in the list, until it is read: an array of Lua has no holes.
      results[i] = failure(divdataBroken(head.value.divDataKey));
      larger.push(i);
      works.push(loadPages(head.value, sinks[i]!));
    }
  }
  const loaded = works.length === 0 ? [] : yield* together(works);
  for (let n = 0; n < larger.length; n++) {
    results[larger[n]!] = loaded[n]!;
  }
  return results;
}

/** What count and first page make of a policy without IPv6 ranges; undefined where there is more, or a problem. */
function takeSmall(head: Head, read: readonly Reply[], at: number, sink: RulesSink): Result<LoadedRules> | undefined {
  const { storage } = head;
  if (storage === undefined || numberReply(head.ipv6Count) > 0) {
    return undefined;
  }
  const take = bounded(sink);
  return takeWhole(read[at + 1], storage, read[at], take.divdata)
    ? loadedRules(head, numberReply(read[at]), 0, take.isOversized())
    : undefined;
}
