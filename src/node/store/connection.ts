import { Redis, ReplyError } from "ioredis";
import { storeUnreachable } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import type { RedisSettings } from "../../dygateway/core/settings.ts";
import { isError, type Command, type Reply } from "../../dygateway/core/store/command.ts";
import { toReply } from "./reply.ts";

/** What became of a pipeline; its `reason` does not say whether Redis has carried the commands out. */
export type Piped =
  | { readonly ok: true; readonly replies: readonly Reply[] }
  | { readonly ok: false; readonly reason: string };

/** One connection to the store, with one user at a time: what it watches is the connection's, not the caller's. */
export interface Connection {
  /** Where it leads, in an operator's words. */
  readonly place: string;
  /** Sends the commands in one go. Fails only when the connection does, and is closed then. */
  readonly pipeline: (commands: readonly Command[]) => Promise<Piped>;
  readonly close: () => void;
}

const replyError = ReplyError as new () => Error;

export function describePlace(settings: RedisSettings): string {
  return settings.unixSocket !== "" ? `unix:${settings.unixSocket}` : `${settings.host}:${settings.port}`;
}

/**
 * Connects once and logs in, as the gateway does; there is no second try and no reconnecting, since a command line that
 * hangs tells its user nothing. RESP2 and no INFO: old servers and narrow ACL users will do.
 */
export async function connect(settings: RedisSettings): Promise<Result<Connection>> {
  const place = describePlace(settings);
  const client = new Redis({
    ...(settings.unixSocket !== "" ? { path: settings.unixSocket } : { host: settings.host, port: settings.port }),
    lazyConnect: true,
    connectTimeout: settings.connectTimeoutMs,
    socketTimeout: settings.readTimeoutMs,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
  });
  let reason: string | undefined;
  client.on("error", (error: Error) => {
    reason ??= error.message;
  });
  const broken = (error: unknown): { readonly ok: false; readonly reason: string } => {
    client.disconnect();
    return { ok: false, reason: reason ?? (error instanceof Error ? error.message : String(error)) };
  };

  async function pipeline(commands: readonly Command[]): Promise<Piped> {
    const batch = client.pipeline();
    // Under their upper-case names the client leaves arguments and replies as they are.
    for (const [name = "", ...parameters] of commands) batch.call(name, ...parameters);
    const results = (await batch.exec()) ?? [];
    const lost = results.find(([error]) => error !== null && !(error instanceof replyError));
    if (lost !== undefined || results.length !== commands.length) return broken(lost?.[0] ?? "the connection broke");
    return { ok: true, replies: results.map(([error, value]) => toReply(error ?? value)) };
  }

  try {
    await client.connect();
  } catch (error) {
    return failure(storeUnreachable(place, broken(error).reason));
  }
  const connection: Connection = { place, pipeline, close: () => client.disconnect() };
  const refusal = await logIn(connection, settings);
  if (refusal === undefined) return success(connection);
  connection.close();
  return failure(storeUnreachable(place, refusal));
}

/** Why the connection may not be used, if so. */
async function logIn(connection: Connection, settings: RedisSettings): Promise<string | undefined> {
  const { username, password, database } = settings;
  const credentials = username === "" ? [password] : [username, password];
  const steps: { readonly words: string; readonly command: Command }[] = [
    ...(password === "" ? [] : [{ words: "AUTH", command: ["AUTH", ...credentials] }]),
    ...(database === 0 ? [] : [{ words: `SELECT ${database}`, command: ["SELECT", `${database}`] }]),
  ];
  for (const { words, command } of steps) {
    const sent = await connection.pipeline([command]);
    if (!sent.ok) return sent.reason;
    const [reply] = sent.replies;
    if (isError(reply)) return `${words}: ${reply.message}`;
  }
  return undefined;
}
