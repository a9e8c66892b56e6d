import type { RedisSettings } from "../../dygateway/core/settings.ts";
import type { LoadedConfig } from "../config/load.ts";
import { redisHostOf, redisPortOf } from "../config/model.ts";
import { millisecondsOf } from "../config/units.ts";

/** Where the configuration says the store is; the same place that the gateway gets in dygateway.json. */
export function redisSettings({ config, secrets }: LoadedConfig): RedisSettings {
  const { redis } = config;
  return {
    host: redisHostOf(config),
    port: redisPortOf(config),
    unixSocket: redis.unix_socket ?? "",
    database: redis.database,
    username: redis.username ?? "",
    password: secrets.redisPassword ?? "",
    prefix: redis.prefix,
    connectTimeoutMs: millisecondsOf(redis.connect_timeout),
    readTimeoutMs: millisecondsOf(redis.read_timeout),
  };
}
