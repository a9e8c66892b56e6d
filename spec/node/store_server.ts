import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { RedisSettings } from "../../src/dygateway/core/settings.ts";

/** A Redis of a spec's own, on a unix socket and a free port; gone with `stop`. */
export interface StoreServer {
  readonly settings: RedisSettings;
  readonly port: number;
  /** The spec's own connection, as Redis' default user. */
  readonly client: Redis;
  readonly stop: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function startStore(): Promise<StoreServer> {
  const folder = mkdtempSync(join(tmpdir(), "dygateway-store-"));
  const socket = join(folder, "redis.sock");
  const port = await freePort();
  const options = ["--bind", "127.0.0.1", "--port", `${port}`, "--unixsocket", socket, "--dir", folder, "--save", ""];
  const server = spawn("redis-server", options, { stdio: "ignore" });
  const exited = once(server, "exit");
  const client = new Redis({ path: socket, protocol: 2, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on("error", () => {
    // The socket is not there yet; a command waits until it is.
  });
  await Promise.race([client.ping(), exited, sleep(10_000)]);
  if (server.exitCode !== null || client.status !== "ready") throw new Error("redis-server does not start");
  return {
    settings: {
      host: "127.0.0.1",
      port: 6379,
      unixSocket: socket,
      database: 0,
      username: "",
      password: "",
      prefix: "ab:test",
      connectTimeoutMs: 1000,
      readTimeoutMs: 2000,
    },
    port,
    client,
    stop: async () => {
      client.disconnect();
      server.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
