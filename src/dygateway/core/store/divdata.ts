import type { Storage } from "../diversion/diversion_type.ts";
import type { NextPairs, StoredPairs } from "../diversion/stored_pairs.ts";
import { divdataBroken } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { isError, listReply, numberReply, textReply } from "./command.ts";
import type { Command, Reply, StoreWork } from "./command.ts";

/** Pairs in one command or page: a pipeline of these is many small writes to Redis, not one that holds it up. */
export const PAIRS_A_PAGE = 500;

const writeCommand = { hash: "HSET", zset: "ZADD", list: "RPUSH" } as const;

/** The command that stores the next page of pairs under `key`. */
export function writePage(key: string, storage: Storage, next: NextPairs): Command {
  const command: Command = [writeCommand[storage], key];
  next(command, PAIRS_A_PAGE);
  if (storage === "zset") {
    // A sorted set's score stands before its member.
    for (let i = 2; i + 1 < command.length; i += 2) {
      const member = command[i]!;
      command[i] = command[i + 1]!;
      command[i + 1] = member;
    }
  }
  return command;
}

/** The commands that store `pairs` under `key`. */
export function writePairs(key: string, storage: Storage, pairs: StoredPairs, pause: Pause): Command[] {
  const commands: Command[] = [];
  const next = pairs.open(pause);
  for (let start = 0; start < pairs.count; start += PAIRS_A_PAGE) {
    commands.push(writePage(key, storage, next));
  }
  return commands;
}

export type TakePair = (this: void, first: string, second: string) => void;

const sizeCommand = { hash: "HLEN", zset: "ZCARD", list: "LLEN" } as const;

/** The redis type that a storage is, as TYPE says it. */
export function redisType(storage: Storage): string {
  return storage;
}

/** The command that answers how many entries a key has. */
export function countCommand(key: string, storage: Storage): Command {
  return [sizeCommand[storage], key];
}

function takeAll(reply: Reply | undefined, take: TakePair): string | undefined {
  if (isError(reply)) {
    return reply.message;
  }
  const items = listReply(reply);
  for (let i = 0; i < items.length; i += 2) {
    take(textReply(items[i]) ?? "", textReply(items[i + 1]) ?? "");
  }
  return undefined;
}

/** How many entries, as `countCommand` counts them, the first page has at most. */
export function pageSize(storage: Storage): number {
  return storage === "list" ? PAIRS_A_PAGE * 2 : PAIRS_A_PAGE;
}

/** The command that reads the first page of a key: all of a small one. */
export function firstPageCommand(key: string, storage: Storage): Command {
  if (storage === "hash") {
    return ["HSCAN", key, "0", "COUNT", `${PAIRS_A_PAGE}`];
  }
  return storage === "zset"
    ? ["ZRANGE", key, "0", `${PAIRS_A_PAGE - 1}`, "WITHSCORES"]
    : ["LRANGE", key, "0", `${pageSize(storage) - 1}`];
}

/** @returns whether that page has all of the `count` entries, which `take` then was given. */
export function takeWhole(page: Reply | undefined, storage: Storage, count: Reply | undefined, take: TakePair): boolean {
  const size = numberReply(count);
  if (size < 0 || size > pageSize(storage) || isError(page)) {
    return false;
  }
  const [cursor, pairs] = storage === "hash" ? listReply(page) : ["0", page];
  return cursor === "0" && takeAll(pairs, take) === undefined;
}

function* readHash(key: string, count: number, take: TakePair): StoreWork<string | undefined> {
  if (count <= PAIRS_A_PAGE) {
    const replies = yield [["HGETALL", key]];
    return takeAll(replies[0], take);
  }
  let cursor = "0";
  do {
    const replies = yield [["HSCAN", key, cursor, "COUNT", `${PAIRS_A_PAGE}`]];
    const page = listReply(replies[0]);
    const problem = isError(replies[0]) ? replies[0].message : takeAll(page[1], take);
    if (problem !== undefined) {
      return problem;
    }
    cursor = textReply(page[0]) ?? "0";
  } while (cursor !== "0");
  return undefined;
}

function* readOrdered(
  key: string,
  count: number,
  storage: Storage,
  take: TakePair,
): StoreWork<string | undefined> {
  const step = storage === "zset" ? PAIRS_A_PAGE : PAIRS_A_PAGE * 2;
  for (let start = 0; start < count; start += step) {
    const range = [key, `${start}`, `${start + step - 1}`];
    const replies = yield [storage === "zset" ? ["ZRANGE", ...range, "WITHSCORES"] : ["LRANGE", ...range]];
    const problem = takeAll(replies[0], take);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

/**
 * Reads what is stored under `key`, pair by pair in pages: a hash's fields in any order (now and then one of them
 * twice), a sorted set by score, a list as it is; the last item of a list of an odd length has "" beside it, so that
 * whoever compiles it finds half of a rule.
 *
 * @param count the key's size as `countCommand` answered it.
 * @returns why it could not be read, if so.
 */
export function* readPairs(key: string, storage: Storage, count: Reply | undefined, take: TakePair): StoreWork<Result<number>> {
  if (isError(count)) {
    return failure(divdataBroken(`${key}: ${count.message}`));
  }
  const size = numberReply(count);
  const problem = yield* storage === "hash" ? readHash(key, size, take) : readOrdered(key, size, storage, take);
  return problem === undefined ? success(size) : failure(divdataBroken(`${key}: ${problem}`));
}
