import type { HostConfigs } from "../../nginx_hosts/host_configs.ts";
import type { PushSite } from "../../lvs/push/push_site.ts";
import type { InventoryLimits } from "../../lvs/store/change_cluster.ts";
import { openApi } from "../http/openapi.ts";
import { route, type Route } from "../http/route.ts";
import type { Inventory } from "../inventory.ts";
import type { JobRunner } from "../jobs/job_runner.ts";
import type { ServingsSource } from "../servings.ts";
import { clusterRoutes } from "./clusters.ts";
import { jobRoutes } from "./jobs.ts";
import { nginxHostRoutes } from "./nginx_hosts.ts";
import { partRoutes } from "./parts.ts";
import { pushRoutes } from "./push.ts";
import { versionRoutes } from "./versions.ts";
import { wstypeRoutes } from "./wstypes.ts";

/** What the routes work with. */
export interface RouteSite {
  readonly inventory: Inventory;
  readonly limits: InventoryLimits;
  readonly push: PushSite;
  readonly jobs: JobRunner;
  readonly servings: ServingsSource;
  readonly configs: HostConfigs | undefined;
  /** Aborted when the service has ended. */
  readonly ended: AbortSignal;
}

/** Every route, and the description of all of them. */
export function allRoutes({ inventory, limits, push, jobs, servings, configs, ended }: RouteSite): Route[] {
  const routes = [
    ...clusterRoutes(inventory, limits),
    ...partRoutes(inventory, limits),
    ...versionRoutes(inventory, limits),
    ...wstypeRoutes(inventory),
    ...pushRoutes(push, jobs, ended),
    ...jobRoutes(jobs),
    ...nginxHostRoutes(configs, servings),
  ];
  const description: Route = route({
    method: "GET",
    path: "/openapi.json",
    role: undefined,
    summary: "This description",
    answers: { 200: "OpenAPI 3.1" },
    handle: () => ({ json: document }),
  });
  const document = openApi([...routes, description]);
  return [...routes, description];
}
