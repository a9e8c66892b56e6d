import { storeConflict, storeUncertain, storeUnreachable } from "../core/errors.ts";
import { failure, success } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { RedisSettings } from "../core/settings.ts";
import type { Command, Reply, StoreWork } from "../core/store/command.ts";
import { errorReply, isError } from "../core/store/command.ts";
import { inTransaction, readExecution } from "../core/store/execution.ts";
import type { Executed } from "../core/store/execution.ts";
import type { Change, Transaction } from "../core/store/transaction.ts";
import { redisModule } from "./platform.ts";
import { commandBytes, replyReader } from "./redis_protocol.ts";

const IDLE_MS = 30000;
const POOL_SIZE = 10;
/** Other writers may be faster this many times in a row. */
const MAX_ATTEMPTS = 100;
const LONGEST_BACKOFF_SECONDS = 0.05;

export function describePlace(settings: RedisSettings): string {
  return settings.unixSocket !== "" ? `unix:${settings.unixSocket}` : `${settings.host}:${settings.port}`;
}

/** What a servant yields when a work has ended. */
interface Ended {
  result: unknown;
}

/** Does works for one connection. */
interface Servant {
  readonly steps: Generator<Command[] | Ended, never, Answer>;
  readonly ended: Ended;
}

/** Of the store, or the next work. */
type Answer = Reply[] | StoreWork<unknown>;

/**
 * One work after the other, all in this one's coroutine: nginx keeps a record of each until the request, or the timer, ends
 * in which it was made, and the timer of the leading worker goes on for long.
 */
function* works(first: StoreWork<unknown>, ended: Ended): Generator<Command[] | Ended, never, Answer> {
  let work = first as Generator<Command[], unknown, Answer>;
  for (;;) {
    ended.result = yield* work;
    work = (yield ended) as Generator<Command[], unknown, Answer>;
  }
}

function newServant(work: StoreWork<unknown>): Servant {
  const ended: Ended = { result: undefined };
  return { steps: works(work, ended), ended };
}

/** One connection to the store. */
export interface Connection {
  readonly client: RedisClient;
  readonly pipeline: (this: void, commands: Command[]) => Result<Reply[]>;
  /** Why the last pipeline was not answered. */
  readonly brokenBecause: (this: void) => string;
  /** Gives the connection back for the next user; only in a state in which one may take it. */
  readonly release: (this: void) => void;
  readonly close: (this: void) => void;
  /** Whoever does its works, and waits for the next; undefined before the first, and while one is under way. */
  servant: Servant | undefined;
}

type Pipeline = (this: void, commands: Command[]) => Reply[] | string;

/** @returns why the store does not let us in. */
function authenticate(send: Pipeline, settings: RedisSettings): string | undefined {
  const { username, password, database } = settings;
  const steps: { readonly name: string; readonly command: Command }[] = [];
  if (password !== "") {
    steps.push({ name: "AUTH", command: username === "" ? ["AUTH", password] : ["AUTH", username, password] });
  }
  if (database !== 0) {
    steps.push({ name: `SELECT ${database}`, command: ["SELECT", `${database}`] });
  }
  for (const { name, command } of steps) {
    const replies = send([command]);
    const reply = typeof replies === "string" ? errorReply(replies) : replies[0];
    if (reply !== "OK") {
      return `${name}: ${isError(reply) ? reply.message : "refused"}`;
    }
  }
  return undefined;
}

/** Opens a connection, or takes an idle one, and logs in. */
export function connect(settings: RedisSettings): Result<Connection> {
  const place = describePlace(settings);
  const [client, reason] = redisModule.new();
  if (client === undefined) {
    return failure(storeUnreachable(place, reason ?? "no socket"));
  }
  client.set_timeout(settings.connectTimeoutMs);
  const pool = `${place}/${settings.database}/${settings.username}`;
  const [connected, problem] =
    settings.unixSocket !== ""
      ? client.connect(place, { pool })
      : client.connect(settings.host, settings.port, { pool });
  if (connected === undefined || !connected) {
    return failure(storeUnreachable(place, problem ?? "refused"));
  }
  client.set_timeout(settings.readTimeoutMs);
  // Not by its name alone: of a name that it does not know the client makes a command.
  const socket = rawget(client, "_sock") as ngx.TcpSocket | undefined;
  if (socket === undefined) {
    client.close();
    return failure(storeUnreachable(place, "the client library keeps its socket elsewhere than in `_sock`, as lua-resty-redis does"));
  }
  const reader = replyReader(socket);
  const send: Pipeline = (commands) => {
    const [sent, unsent] = socket.send(commandBytes(commands));
    return sent === undefined ? (unsent ?? "the connection broke") : reader.read(commands.length);
  };
  const [reused] = client.get_reused_times();
  const refusal = reused === undefined || reused === 0 ? authenticate(send, settings) : undefined;
  if (refusal !== undefined) {
    client.close();
    return failure(storeUnreachable(place, refusal));
  }
  let reasonBroken = "";
  return success({
    client,
    brokenBecause: () => `${place}: ${reasonBroken}`,
    pipeline: (commands) => {
      const replies = send(commands);
      if (typeof replies === "string") {
        client.close();
        reasonBroken = replies;
        return failure(storeUnreachable(place, reasonBroken));
      }
      return success(replies);
    },
    release: () => {
      client.set_keepalive(IDLE_MS, POOL_SIZE);
    },
    close: () => {
      client.close();
    },
    servant: undefined,
  });
}

/** Drives a piece of store work to its end over a connection. */
export function runWork<T>(connection: Connection, work: StoreWork<T>): Result<T> {
  const waiting = connection.servant;
  const { steps, ended } = waiting ?? newServant(work);
  // One whose work is broken off, by an error or because the store is gone, is of no use any more.
  connection.servant = undefined;
  let { value } = steps.next(work);
  while (value !== ended) {
    const replies = connection.pipeline(value as Command[]);
    if (!replies.ok) {
      return replies;
    }
    ({ value } = steps.next(replies.value));
  }
  connection.servant = { steps, ended };
  const { result } = ended;
  ended.result = undefined;
  return success(result as T);
}

/** The same for work that itself ends with a result. */
export function runResult<T>(connection: Connection, work: StoreWork<Result<T>>): Result<T> {
  const done = runWork(connection, work);
  return done.ok ? done.value : done;
}

/** Reads: opens, drives, gives back. */
export function readStore<T>(settings: RedisSettings, work: StoreWork<Result<T>>): Result<T> {
  const connection = connect(settings);
  if (!connection.ok) {
    return connection;
  }
  const done = runWork(connection.value, work);
  if (!done.ok) {
    return done;
  }
  connection.value.release();
  return done.value;
}

function execute(connection: Connection, commands: readonly Command[]): Result<Executed> {
  const sent = connection.pipeline(inTransaction(commands));
  return sent.ok ? readExecution(sent.value) : failure(storeUncertain(connection.brokenBecause()));
}

/**
 * Carries out a change: plans it from what the store says, then MULTI … EXEC; starts again where somebody else changed
 * what was read.
 */
export function changeStore<T>(
  settings: RedisSettings,
  plan: (this: void) => Change<T>,
): Result<Transaction<T>> {
  const connected = connect(settings);
  if (!connected.ok) {
    return connected;
  }
  const connection = connected.value;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const planned = runWork(connection, plan());
    if (!planned.ok) {
      return planned;
    }
    const outcome = planned.value;
    // Without commands it says only whether somebody else changed what was read; a refusal that was planned between
    // two reads of another writer's change is none.
    const commands = outcome.ok ? outcome.value.commands : [];
    const executed = execute(connection, commands);
    if (!executed.ok) {
      connection.close();
      return commands.length > 0 ? executed : outcome;
    }
    if (executed.value === "done") {
      connection.release();
      return outcome;
    }
    ngx.sleep(0.001 + math.random() * math.min(LONGEST_BACKOFF_SECONDS, 0.001 * attempt));
  }
  connection.close();
  return failure(storeConflict());
}
