import type { RedisSettings } from "../../../dygateway/core/settings.ts";
import { storeKeys } from "../../../dygateway/core/store/keys.ts";
import { storedUpstreams } from "../../store/stored_upstreams.ts";
import { readStore } from "../../store/work.ts";
import { snapshotOf } from "./snapshot.ts";
import type { UpstreamSource } from "./source.ts";

/** The hash `P:upstreams` of dygateway's Redis: name to body. */
export function redisUpstreams(settings: RedisSettings): UpstreamSource {
  return {
    read: async () => {
      const read = await readStore(settings, storedUpstreams(storeKeys(settings.prefix)));
      return read.ok ? { ok: true, snapshot: snapshotOf(read.value) } : { ok: false, reason: read.error.desc };
    },
  };
}
