import { Redis } from "ioredis";
import { startProgram, type Program } from "./program.ts";
import { until } from "./until.ts";

/** Where a Redis is, and who logs in to it. */
export interface RedisLogin {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
}

/** A Redis of a test's own. */
export interface RedisServer {
  /** A connection of the test to it, as its default user. */
  readonly client: Redis;
  readonly start: () => Promise<void>;
  /** As if its power failed. */
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * @param conf the redis.conf that it is started with.
 * @param connection how the test reaches it.
 */
export function redisServer(conf: string, output: string, connection: RedisLogin): RedisServer {
  let program: Program | undefined;
  const client = new Redis({ ...connection, lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => 50 });
  client.on("error", () => {
    // Expected while the server is down; a command that a test sends fails on its own.
  });
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    await program?.stop(signal);
    program = undefined;
  };
  return {
    client,
    start: async () => {
      // A second one would take the socket, and nobody would end the first.
      await stop("SIGTERM");
      program = startProgram("redis-server", [conf], output);
      await until("Redis answers", async () => (await client.ping()).length > 0);
    },
    kill: () => stop("SIGKILL"),
    stop: async () => {
      client.disconnect();
      await stop("SIGTERM");
    },
  };
}
