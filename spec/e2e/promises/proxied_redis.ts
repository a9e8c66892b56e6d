import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { useCluster, type Cluster } from "../support/cluster.ts";
import { RedisProxy } from "../support/redis_proxy.ts";

export interface ProxiedRedis {
  readonly cluster: Cluster;
  /** There once the cluster is. */
  readonly proxy: () => RedisProxy;
}

/** A cluster whose gateway reaches Redis only through a proxy, which stands in for a slow one; the test reaches it directly. */
export function useProxiedRedis({ readTimeoutMs }: { readonly readTimeoutMs?: number } = {}): ProxiedRedis {
  let proxy: RedisProxy | undefined;
  const cluster: Cluster = useCluster({
    beforeGateway: async () => {
      const path = join(cluster.folder, "proxy.sock");
      const file = join(cluster.folder, "conf", "dygateway.json");
      const settings = JSON.parse(readFileSync(file, "utf8")) as { redis: Record<string, unknown> };
      const redis = { ...settings.redis, unix_socket: path, ...(readTimeoutMs === undefined ? {} : { read_timeout_ms: readTimeoutMs }) };
      writeFileSync(file, JSON.stringify({ ...settings, redis }));
      proxy = new RedisProxy(cluster.redisSocket);
      await proxy.listen(path);
    },
  });
  afterAll(() => proxy?.stop());
  return {
    cluster,
    proxy: () => {
      if (proxy === undefined) {
        throw new Error("the proxy is there once the cluster is");
      }
      return proxy;
    },
  };
}
