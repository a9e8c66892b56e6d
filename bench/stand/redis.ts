import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { until } from "../../spec/e2e/support/until.ts";
import type { Program, Stand } from "./stand.ts";

/** A Redis of the stand's own, on a unix socket. */
export interface RedisServer {
  readonly socket: string;
  readonly client: Redis;
  readonly program: () => Program;
  /** Again, with the data it had where it is durable. */
  readonly start: () => Promise<void>;
}

/** @param durable keeps its data over a restart. */
export async function startRedis(stand: Stand, durable: boolean): Promise<RedisServer> {
  const folder = join(stand.folder, "redis");
  mkdirSync(folder, { recursive: true });
  const socket = join(stand.folder, "redis.sock");
  const args = ["--port", "0", "--unixsocket", socket, "--unixsocketperm", "777", "--dir", folder, "--save", ""];
  const client = new Redis({ path: socket, lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => 50 });
  client.on("error", () => {
    // expected while the server is down
  });
  let program: Program | undefined;
  const start = async (): Promise<void> => {
    program = await stand.start({ name: "Redis", file: "redis-server", args: [...args, "--appendonly", durable ? "yes" : "no"] });
    await until("Redis answers", async () => (await client.ping()).length > 0, 20_000);
  };
  await start();
  return {
    socket,
    client,
    start,
    program: () => {
      if (program === undefined) {
        throw new Error("Redis was started");
      }
      return program;
    },
  };
}
