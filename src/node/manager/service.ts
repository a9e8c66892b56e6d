import type { FastifyInstance } from "fastify";
import type { RedisSettings } from "../../dygateway/core/settings.ts";
import { storeKeys } from "../../dygateway/core/store/keys.ts";
import type { PushSite } from "../lvs/push/push_site.ts";
import type { InventoryLimits } from "../lvs/store/change_cluster.ts";
import { hostConfigs, type HostConfigs } from "../nginx_hosts/host_configs.ts";
import { folderSource } from "../nginx_hosts/tree/folder_source.ts";
import { gitSource } from "../nginx_hosts/tree/git_source.ts";
import { redisUpstreams } from "../nginx_hosts/upstreams/redis_source.ts";
import type { ManagerConfig } from "../config/manager_schema.ts";
import { bytesOf, millisecondsOf } from "../config/units.ts";
import { TokenFile } from "./auth/token_file.ts";
import type { Route } from "./http/route.ts";
import { redisInventory } from "./inventory.ts";
import { JobRunner } from "./jobs/job_runner.ts";
import { JobStore } from "./jobs/job_store.ts";
import { allRoutes } from "./routes/all.ts";
import { makeServer } from "./server.ts";
import { servingsOf } from "./servings.ts";
import { takeStateFolder } from "./state_folder.ts";

export interface ServiceSettings {
  readonly manager: ManagerConfig;
  readonly redis: RedisSettings;
  readonly limits: InventoryLimits;
  readonly push: PushSite;
  readonly log: (line: string) => void;
}

export interface Service {
  readonly server: FastifyInstance;
  /**
   * Takes no new jobs, waits for the running ones and then for the requests that are being answered.
   *
   * @param hurry aborted when a running sync is not to be waited for any longer.
   */
  readonly close: (hurry: AbortSignal) => Promise<void>;
}

/** A plan that waits for a load balancer that does not answer must not keep the service from ending. */
const lastAnswersMs = 10_000;

/** Everything of the service but its sockets. Throws where the state folder is another's. */
export function makeService({ manager, redis, limits, push, log }: ServiceSettings): Service {
  const release = takeStateFolder(manager.state);
  const inventory = redisInventory(redis);
  const jobs = new JobRunner(new JobStore(manager.state), manager.jobs_kept, log);
  const servings = servingsOf(inventory, storeKeys(redis.prefix).revision);
  const ended = new AbortController();
  const routes: Route[] = allRoutes({ inventory, limits, push, jobs, servings, configs: configsOf(manager, redis), ended: ended.signal });
  const server = makeServer({
    tls: manager.tls,
    maxBodyBytes: bytesOf(manager.max_body),
    failuresPerMinute: manager.failures_per_minute,
    tokens: new TokenFile(manager.state),
    routes,
    log,
  });
  return {
    server,
    close: async (hurry) => {
      // Streams of progress go on until their jobs end, so the jobs come first.
      await jobs.close(millisecondsOf(manager.shutdown_timeout), hurry);
      const cut = (): void => server.server.closeAllConnections();
      const timer = setTimeout(cut, lastAnswersMs);
      hurry.addEventListener("abort", cut);
      const closed = server.close();
      if (hurry.aborted) cut();
      await closed;
      clearTimeout(timer);
      // Nobody waits for what is still being looked up.
      ended.abort();
      release();
    },
  };
}

function configsOf({ nginx_hosts: tree }: ManagerConfig, redis: RedisSettings): HostConfigs | undefined {
  if (tree === undefined) return undefined;
  const source = tree.git === undefined ? folderSource(tree.folder ?? "") : gitSource(tree.git, tree.ref);
  return hostConfigs(source, redisUpstreams(redis), tree.nginx ?? "nginx");
}
