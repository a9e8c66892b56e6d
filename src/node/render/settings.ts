import { join } from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import { adminHostsOf, dyupsPrefixOf, redisHostOf, redisPortOf } from "../config/model.ts";
import { bytesOf, millisecondsOf } from "../config/units.ts";
import type { Target } from "./target.ts";

/** dygateway.json: what the gateway reads when nginx starts. The names are a contract with `gateway/settings`. */
export function gatewaySettings({ config, secrets }: LoadedConfig, target: Target): Record<string, unknown> {
  const { redis, dynamic_upstreams: dynamic } = config;
  const place =
    redis.unix_socket === undefined
      ? { host: redisHostOf(config), port: redisPortOf(config) }
      : { unix_socket: redis.unix_socket };
  return {
    redis: {
      ...place,
      database: redis.database,
      ...(redis.username === undefined ? {} : { username: redis.username }),
      ...(secrets.redisPassword === null ? {} : { password: secrets.redisPassword }),
      prefix: redis.prefix,
      connect_timeout_ms: millisecondsOf(redis.connect_timeout),
      read_timeout_ms: millisecondsOf(redis.read_timeout),
    },
    admin: {
      hosts: adminHostsOf(config),
      ...(secrets.adminToken === null ? {} : { token: secrets.adminToken }),
      max_body_bytes: bytesOf(config.admin.max_body),
    },
    trusted_proxies: config.trusted_proxies,
    divtypes: config.divtypes,
    snapshot_dir: target.snapshot,
    upstreams: {
      engine: dynamic.engine,
      conf: join(target.directory, "upstream.conf"),
      written_by: dynamic.written_by,
      resolvers: dynamic.resolvers,
      ...(dynamic.dyups === undefined
        ? {}
        : { dyups_url: dynamic.dyups.url, dyups_timeout_ms: millisecondsOf(dynamic.dyups.timeout) }),
      dyups_location: dyupsPrefixOf(config),
    },
  };
}
