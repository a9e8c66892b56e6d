import type { Storage } from "../diversion/diversion_type.ts";
import { divdataBroken } from "../errors.ts";
import type { PolicyMeta } from "../policy/policy.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { numberReply, together } from "./command.ts";
import type { Command, Reply, StoreWork } from "./command.ts";
import { countCommand, firstPageCommand, pageSize, readPairs, takeWhole } from "./divdata.ts";
import type { TakePair } from "./divdata.ts";
import { decodeHead, HEAD_COMMANDS, headCommands } from "./rules_head.ts";
import type { Head } from "./rules_head.ts";

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

/** Pairs of small policies that are read in one pipeline: taking them takes a millisecond or two, without a pause. */
const PAIRS_A_PIPELINE = 2000;
/** Larger policies that are read beside each other. */
const LARGER_AT_ONCE = 4;

function* readHeads(divDataKeys: readonly string[]): StoreWork<Result<Head>[]> {
  const asked: Command[] = [];
  for (const key of divDataKeys) {
    for (const command of headCommands(key)) {
      asked.push(command);
    }
  }
  const replies = yield asked;
  return divDataKeys.map((key, i) => decodeHead(key, replies, i * HEAD_COMMANDS));
}

/** A head whose rules may be read with those of others, and its place among them all. */
interface Small {
  readonly at: number;
  readonly head: Head;
  readonly storage: Storage;
}

/** Divides those that may be small, by their counts, into pipelines; the others are left. */
function* smallBatches(heads: readonly Result<Head>[]): StoreWork<Small[][]> {
  const candidates: Small[] = [];
  for (let at = 0; at < heads.length; at++) {
    const head = heads[at]!;
    if (head.ok && head.value.storage !== undefined && numberReply(head.value.ipv6Count) <= 0) {
      candidates.push({ at, head: head.value, storage: head.value.storage });
    }
  }
  const counts = candidates.length === 0 ? [] : yield candidates.map(({ head, storage }) => countCommand(head.divDataKey, storage));
  const batches: Small[][] = [];
  let room = 0;
  for (let i = 0; i < candidates.length; i++) {
    const { storage } = candidates[i]!;
    const pairs = Math.max(1, numberReply(counts[i]));
    if (pairs <= pageSize(storage)) {
      if (pairs > room) {
        batches.push([]);
        room = PAIRS_A_PIPELINE;
      }
      batches[batches.length - 1]!.push(candidates[i]!);
      room -= pairs;
    }
  }
  return batches;
}

/**
 * The same of many keys: a few pipelines for all that are small, as those of thousands of runtimes are; the others page by
 * page.
 *
 * @param sinks of the keys, in their order.
 */
export function* loadManyRules(divDataKeys: readonly string[], sinks: readonly RulesSink[]): StoreWork<Result<LoadedRules>[]> {
  const heads = yield* readHeads(divDataKeys);
  // What is there stands in the place of the rules until they are read: an array of Lua has no holes.
  const results: Result<LoadedRules>[] = heads.map((head) => (head.ok ? failure(divdataBroken(head.value.divDataKey)) : head));
  const isRead = heads.map((head) => !head.ok);
  for (const batch of yield* smallBatches(heads)) {
    const asked: Command[] = [];
    for (const { head, storage } of batch) {
      asked.push(countCommand(head.divDataKey, storage), firstPageCommand(head.divDataKey, storage));
    }
    const read = yield asked;
    for (let n = 0; n < batch.length; n++) {
      const { at, head, storage } = batch[n]!;
      const small = takeSmall(head, storage, read[n * 2], read[n * 2 + 1], sinks[at]!);
      if (small !== undefined) {
        results[at] = small;
        isRead[at] = true;
      }
    }
  }
  yield* loadLarger(heads, isRead, sinks, results);
  return results;
}

/** Reads those that are not read yet. @param results takes what was read. */
function* loadLarger(
  heads: readonly Result<Head>[],
  isRead: readonly boolean[],
  sinks: readonly RulesSink[],
  results: Result<LoadedRules>[],
): StoreWork<null> {
  const left: number[] = [];
  const works: StoreWork<Result<LoadedRules>>[] = [];
  for (let at = 0; at < heads.length; at++) {
    const head = heads[at]!;
    if (head.ok && !isRead[at]!) {
      left.push(at);
      works.push(loadPages(head.value, sinks[at]!));
    }
  }
  for (let start = 0; start < works.length; start += LARGER_AT_ONCE) {
    const loaded = yield* together(works.slice(start, start + LARGER_AT_ONCE));
    for (let n = 0; n < loaded.length; n++) {
      results[left[start + n]!] = loaded[n]!;
    }
  }
  return null;
}

/** What count and first page make of a policy without IPv6 ranges; undefined where there is more, or a problem. */
function takeSmall(
  head: Head,
  storage: Storage,
  count: Reply | undefined,
  page: Reply | undefined,
  sink: RulesSink,
): Result<LoadedRules> | undefined {
  const take = bounded(sink);
  return takeWhole(page, storage, count, take.divdata)
    ? loadedRules(head, numberReply(count), 0, take.isOversized())
    : undefined;
}
