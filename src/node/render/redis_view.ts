import { createHash } from "node:crypto";
import { join } from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import { redisHostOf, redisPortOf } from "../config/model.ts";
import { bytesOf } from "../config/units.ts";
import { redisNumber, redisText, type RedisToken } from "./redis_quote.ts";
import type { Target } from "./target.ts";

type Line = readonly RedisToken[];

export interface RedisView {
  readonly bind: Line;
  readonly port: RedisToken;
  readonly unixSocket: { readonly path: RedisToken; readonly permissions: RedisToken } | null;
  readonly pidFile: RedisToken;
  readonly logFile: RedisToken;
  readonly loglevel: RedisToken;
  readonly databases: RedisToken;
  readonly directory: RedisToken;
  readonly save: readonly Line[];
  readonly appendonly: RedisToken;
  readonly appendfsync: RedisToken;
  readonly maxmemory: RedisToken;
  readonly users: readonly Line[];
}

export function redisView({ config, secrets }: LoadedConfig, target: Target): RedisView {
  const { redis } = config;
  const { server } = redis;
  const socket = redis.unix_socket;
  const bind = server.bind ?? (socket === undefined ? [redisHostOf(config)] : []);
  return {
    bind: bind.map(redisText),
    // With a socket only the socket, unless addresses are asked for too.
    port: redisNumber(bind.length === 0 ? 0 : redisPortOf(config)),
    unixSocket:
      socket === undefined ? null : { path: redisText(socket), permissions: redisText(server.unix_socket_perm) },
    pidFile: redisText(server.pid_file ?? join(target.run, "redis.pid")),
    logFile: redisText(server.log_file ?? join(target.logs, "redis.log")),
    loglevel: redisText(server.loglevel),
    databases: redisNumber(server.databases),
    directory: redisText(server.data_dir),
    save: server.save.map(({ seconds, changes }) => [redisNumber(seconds), redisNumber(changes)]),
    appendonly: redisText(server.appendonly ? "yes" : "no"),
    appendfsync: redisText(server.appendfsync),
    maxmemory: redisNumber(bytesOf(server.maxmemory)),
    users: userLines(redis.username, secrets.redisPassword),
  };
}

/** ACL users instead of `requirepass`: redis.conf then holds a digest and not the password. */
function userLines(username: string | undefined, password: string | null): Line[] {
  if (username === undefined && password === null) return [];
  const credential = password === null ? "nopass" : `#${createHash("sha256").update(password).digest("hex")}`;
  const name = username ?? "default";
  const granted = [name, "on", "resetpass", credential, "~*", "&*", "+@all"].map(redisText);
  const locked = ["default", "off", "resetpass", "-@all"].map(redisText);
  return name === "default" ? [granted] : [locked, granted];
}
