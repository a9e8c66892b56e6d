import { z } from "zod";
import { DEFAULT_PREFIX } from "../../dygateway/core/store/keys.ts";
import * as scalar from "./scalars.ts";

const serverSchema = z
  .strictObject({
    bind: z
      .array(scalar.redisHost)
      .min(1)
      .optional()
      .describe("Addresses to listen on (default: redis.host; none with a unix socket)"),
    unix_socket_perm: z
      .string()
      .regex(/^[0-7]{3}$/, { error: 'must be three octal digits in quotes, as "770"' })
      .default("770")
      .describe("Permissions of the unix socket"),
    data_dir: scalar.absolutePath.default("/var/lib/dygateway/redis").describe("Folder of the data files"),
    databases: z.int().min(1).max(10_000).default(16),
    maxmemory: scalar.byteSize.default(0).describe("Most memory, 0: no limit; policies are never evicted"),
    appendonly: z.boolean().default(true).describe("Log every change to disk"),
    appendfsync: z.enum(["always", "everysec", "no"]).default("everysec"),
    save: z
      .array(z.strictObject({ seconds: z.int().min(1), changes: z.int().min(1) }))
      .default([{ seconds: 3600, changes: 1 }])
      .describe("When snapshots are written; [] for never"),
    pid_file: scalar.absolutePath.optional().describe("Default: redis.pid in paths.run"),
    log_file: scalar.absolutePath.optional().describe("Default: redis.log in paths.logs"),
    loglevel: z.enum(["debug", "verbose", "notice", "warning"]).default("notice"),
  })
  .describe("The Redis server itself: what redis.conf says beside the above");

export const redisSchema = z
  .strictObject({
    host: scalar.redisHost.optional().describe("Default: 127.0.0.1"),
    port: scalar.portNumber.optional().describe("Default: 6379"),
    unix_socket: scalar.absolutePath.optional().describe("Instead of host and port"),
    database: z.int().min(0).max(9999).default(0),
    username: scalar.redisUser.optional().describe("ACL user (default: Redis' default user)"),
    password: scalar.redisPassword.optional(),
    password_env: scalar.envName.optional().describe("Environment variable, read when rendering"),
    password_file: scalar.absolutePath.optional().describe("File, read when rendering"),
    prefix: scalar.redisPrefix.default(DEFAULT_PREFIX).describe("What every key begins with"),
    connect_timeout: scalar.time.default("1s"),
    read_timeout: scalar.time.default("2s"),
    server: serverSchema.prefault({}),
  })
  .describe("Where policies and runtimes are stored");
