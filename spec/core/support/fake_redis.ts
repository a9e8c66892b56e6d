import { lookup } from "../../../src/dygateway/core/lookup.ts";
import type { Lookup } from "../../../src/dygateway/core/lookup.ts";
import { errorReply, isError, nilReply } from "../../../src/dygateway/core/store/command.ts";
import type { Command, Reply, StoreWork } from "../../../src/dygateway/core/store/command.ts";
import type { Change, Transaction } from "../../../src/dygateway/core/store/transaction.ts";
import { fail } from "../../support/assert.ts";
import { valueOf } from "./results.ts";

type Type = "string" | "hash" | "zset" | "list" | "stream";

interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[];
}

interface Entry {
  readonly type: Type;
  text: string;
  /** Fields of a hash, members with their scores of a sorted set. */
  readonly pairs: Lookup<string | undefined>;
  readonly list: string[];
  stream: StreamEntry[];
  expires: boolean;
}

/** As much of Redis as core's store work uses, in memory, with its types, its errors and its WATCH. */
export interface FakeRedis {
  /** Carries out one command. */
  readonly run: (this: void, command: Command) => Reply;
  /** Every command carried out so far. */
  readonly log: Command[];
  /** Answers a command in Redis's place; for faults. */
  fault: (this: void, command: Command) => Reply | undefined;
  /** Every key and its content as one text: equal texts, equal stores. */
  readonly dump: (this: void) => string;
  /** Whether a watched key was written since it was watched; forgets what was watched. */
  readonly watchBroken: (this: void) => boolean;
  readonly watched: (this: void) => string[];
}

function sorted(names: string[]): string[] {
  names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return names;
}

function presentKeys<T>(table: Lookup<T | undefined>): string[] {
  return sorted(Object.keys(table).filter((key) => table[key] !== undefined));
}

/** Redis's glob, as far as `*` and `\` go. */
export function globMatches(pattern: string, text: string): boolean {
  if (pattern === "") {
    return text === "";
  }
  const first = pattern.charAt(0);
  if (first === "*") {
    for (let from = 0; from <= text.length; from++) {
      if (globMatches(pattern.slice(1), text.slice(from))) {
        return true;
      }
    }
    return false;
  }
  const escaped = first === "\\" ? 1 : 0;
  return text !== "" && pattern.charAt(escaped) === text.charAt(0) && globMatches(pattern.slice(escaped + 1), text.slice(1));
}

function revisionOf(id: string): number {
  const dash = id.indexOf("-");
  return Number(dash < 0 ? id : id.slice(0, dash));
}

const wrongType = errorReply("WRONGTYPE Operation against a key holding the wrong kind of value");

/** Which type a command needs its key to have. */
const typeOfCommand: Lookup<Type> = lookup();
for (const [type, names] of [
  ["string", "GET"],
  ["hash", "HSET HGET HMGET HDEL HGETALL HKEYS HLEN HSCAN"],
  ["zset", "ZADD ZCARD ZRANGE"],
  ["list", "RPUSH LRANGE LLEN"],
  ["stream", "XADD XRANGE XREVRANGE"],
] as const) {
  for (const name of names.split(" ")) {
    typeOfCommand[name] = type;
  }
}

export function fakeRedis(): FakeRedis {
  const keys: Lookup<Entry | undefined> = lookup();
  const versions: Lookup<number> = lookup();
  let watchedVersions: Lookup<number> = lookup();
  const log: Command[] = [];

  function touch(key: string): void {
    versions[key] = (versions[key] ?? 0) + 1;
  }

  function put(key: string, type: Type): Entry {
    const entry = keys[key] ?? { type, text: "", pairs: lookup(), list: [], stream: [], expires: false };
    keys[key] = entry;
    touch(key);
    return entry;
  }

  function remove(names: readonly string[]): number {
    let removed = 0;
    for (const key of names) {
      if (keys[key] !== undefined) {
        keys[key] = undefined;
        touch(key);
        removed++;
      }
    }
    return removed;
  }

  function ordered(entry: Entry | undefined): string[] {
    const pairs = entry?.pairs ?? lookup<string | undefined>();
    const members = presentKeys(pairs);
    if (entry?.type === "zset") {
      members.sort((a, b) => {
        const difference = Number(pairs[a] ?? "") - Number(pairs[b] ?? "");
        return difference !== 0 ? difference : a < b ? -1 : a > b ? 1 : 0;
      });
    }
    return members;
  }

  function flat(entry: Entry | undefined, members: readonly string[]): string[] {
    const found: string[] = [];
    for (const member of members) {
      found.push(member, entry?.pairs[member] ?? "");
    }
    return found;
  }

  function setPairs(key: string, type: Type, pairs: readonly string[], scoreFirst: boolean): Reply {
    const entry = put(key, type);
    let added = 0;
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const name = pairs[scoreFirst ? i + 1 : i] ?? "";
      added += entry.pairs[name] === undefined ? 1 : 0;
      entry.pairs[name] = pairs[scoreFirst ? i : i + 1];
    }
    return added;
  }

  function addToStream(key: string, args: readonly string[]): Reply {
    const [, , , id, ...fields] = args;
    const last = keys[key]?.stream.at(-1);
    if (id === undefined || !(revisionOf(id) > (last === undefined ? 0 : revisionOf(last.id)))) {
      return errorReply("ERR The ID specified in XADD is equal or smaller than the target stream top item");
    }
    put(key, "stream").stream.push({ id, fields });
    return id;
  }

  function scan(cursor: string, pattern: string): Reply {
    const all = presentKeys(keys).filter((key) => globMatches(pattern, key));
    const half = Math.floor(all.length / 2);
    // A key may come twice, as Redis has it.
    return cursor === "0" && half > 0 ? ["1", all.slice(0, half + 1)] : ["0", cursor === "0" ? all : all.slice(half)];
  }

  function answer(name: string, key: string, args: readonly string[]): Reply {
    const entry = keys[key];
    const needed = typeOfCommand[name];
    if (entry !== undefined && needed !== undefined && entry.type !== needed) {
      return wrongType;
    }
    switch (name) {
      case "GET":
        return entry?.text ?? nilReply;
      case "SET":
        remove([key]);
        put(key, "string").text = args[0] ?? "";
        return "OK";
      case "MGET":
        return [key, ...args].map((one) => { const stored = keys[one]; return stored?.type === "string" ? stored.text : nilReply; });
      case "EXISTS":
        return [key, ...args].filter((one) => keys[one] !== undefined).length;
      case "UNLINK":
        return remove([key, ...args]);
      case "TYPE":
        return entry?.type ?? "none";
      case "WATCH":
        for (const one of [key, ...args]) {
          watchedVersions[one] ??= versions[one] ?? 0;
        }
        return "OK";
      case "RENAME": {
        if (entry === undefined) {
          return errorReply("ERR no such key");
        }
        remove([key, args[0] ?? ""]);
        keys[args[0] ?? ""] = entry;
        touch(args[0] ?? "");
        return "OK";
      }
      case "PEXPIRE":
      case "PERSIST":
        if (entry !== undefined) {
          entry.expires = name === "PEXPIRE";
        }
        return entry === undefined ? 0 : 1;
      case "HSET":
        return setPairs(key, "hash", args, false);
      case "HGET":
        return entry?.pairs[args[0] ?? ""] ?? nilReply;
      case "HMGET":
        return args.map((name) => entry?.pairs[name] ?? nilReply);
      case "HKEYS":
        return ordered(entry);
      case "HDEL": {
        const there = entry?.pairs[args[0] ?? ""] !== undefined;
        if (entry !== undefined) {
          entry.pairs[args[0] ?? ""] = undefined;
          touch(key);
        }
        return there ? 1 : 0;
      }
      case "HLEN":
      case "ZCARD":
        return ordered(entry).length;
      case "HGETALL":
        return flat(entry, ordered(entry));
      case "HSCAN": {
        const from = Number(args[0]);
        const to = from + Number(args[2]);
        const members = ordered(entry);
        // One field more than was asked for: it comes again with the next page, as Redis may do while it rehashes.
        return [to < members.length ? `${to}` : "0", flat(entry, members.slice(from, to + 1))];
      }
      case "ZADD":
        return setPairs(key, "zset", args, true);
      case "ZRANGE":
        return flat(entry, ordered(entry).slice(Number(args[0]), Number(args[1]) + 1));
      case "RPUSH": {
        const { list } = put(key, "list");
        for (const item of args) {
          list.push(item);
        }
        return list.length;
      }
      case "LLEN":
        return entry?.list.length ?? 0;
      case "LRANGE":
        return args[1] === "-1" ? [...(entry?.list ?? [])] : (entry?.list ?? []).slice(Number(args[0]), Number(args[1]) + 1);
      case "SCAN":
        return scan(key, args[1] ?? "*");
      case "XADD":
        return addToStream(key, args);
      case "XINFO": {
        const stream = keys[args[0] ?? ""];
        if (stream?.type !== "stream") {
          return stream === undefined ? errorReply("ERR no such key") : wrongType;
        }
        return ["length", stream.stream.length, "last-generated-id", stream.stream.at(-1)?.id ?? "0-0"];
      }
      case "XRANGE":
        return (entry?.stream ?? [])
          .filter(({ id }) => revisionOf(id) >= revisionOf(args[0] ?? "") && revisionOf(id) <= revisionOf(args[1] ?? ""))
          .map(({ id, fields }) => [id, [...fields]]);
      case "XREVRANGE":
        return (entry?.stream ?? []).slice(-1).map(({ id, fields }) => [id, [...fields]]);
      case "PUBLISH":
        return 0;
      default:
        return fail(`the fake Redis does not know ${name}`);
    }
  }

  function contentOf(entry: Entry): string {
    const stream = entry.stream.map(({ id, fields }) => `${id} ${fields.join(" ")}`);
    const parts = [entry.text, flat(entry, ordered(entry)).join(" "), entry.list.join(" "), stream.join(" ")];
    return `${entry.type}${entry.expires ? " (expires)" : ""} ${parts.join("|")}`;
  }

  const redis: FakeRedis = {
    log,
    fault: () => undefined,
    run: (command) => {
      log.push(command);
      const [name, key, ...args] = command;
      return redis.fault(command) ?? answer(name ?? "", key ?? "", args);
    },
    dump: () => {
      const lines: string[] = [];
      for (const key of presentKeys(keys)) {
        const entry = keys[key];
        lines.push(entry === undefined ? "" : `${key} = ${contentOf(entry)}`);
      }
      return lines.join("\n");
    },
    watched: () => presentKeys(watchedVersions),
    watchBroken: () => {
      const before = watchedVersions;
      watchedVersions = lookup();
      return presentKeys(before).some((key) => before[key] !== (versions[key] ?? 0));
    },
  };
  return redis;
}

/** Drives a piece of work to its end. @param between is called before each pipeline, with its number from 1. */
export function drive<T>(redis: FakeRedis, work: StoreWork<T>, between: (this: void, step: number) => void = () => {}): T {
  let pipelines = 0;
  let step = work.next();
  while (step.done !== true) {
    pipelines++;
    between(pipelines);
    const replies: Reply[] = [];
    for (const command of step.value) {
      replies.push(redis.run(command));
    }
    step = work.next(replies);
  }
  return step.value;
}

/** Carries out a change that must be accepted, as EXEC does; undefined where a watched key was written meanwhile. */
export function commit<T>(redis: FakeRedis, change: Change<T>, between?: (this: void, step: number) => void): Transaction<T> | undefined {
  const transaction = valueOf(drive(redis, change, between));
  if (redis.watchBroken()) {
    return undefined;
  }
  for (const command of transaction.commands) {
    const reply = redis.run(command);
    if (isError(reply)) {
      fail(`${command.join(" ")}: ${reply.message}`);
    }
  }
  return transaction;
}

/** Several commands of somebody else, as in redis-cli, one a line. */
export function byHand(redis: FakeRedis, lines: readonly string[]): void {
  for (const line of lines) {
    redis.run(line.split(" "));
  }
}
