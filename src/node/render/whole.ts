import { listOf, locationIdentity } from "../config/model.ts";
import type { Config, HostConfig, LocationConfig } from "../config/schema.ts";

/** Every request that has no better location comes here. */
const catchAll = "prefix /";

const hasInclude = ({ include }: { readonly include?: string | readonly string[] | undefined }): boolean => listOf(include).length > 0;

/**
 * Whether all directives of a location are ours. A file of the operator's own may hold what does not go with `if`, as
 * `try_files`, or with a request whose way was chosen before the end of the rewrite phase.
 */
export function isWhole(config: Config, host: HostConfig, location: LocationConfig): boolean {
  return !hasInclude(config) && !hasInclude(host) && !hasInclude(location);
}

/**
 * Whether every request must end in our log phase, and not only those that are given to a dynamic upstream. Such a one
 * must, wherever an error page or the answer of its upstream sends it: to a location that we do not see, or to none.
 */
export function logsEverywhere(config: Config): boolean {
  const isClosed = (host: HostConfig): boolean =>
    !hasInclude(host) && !host.locations.some(hasInclude) && host.locations.some((location) => locationIdentity(location) === catchAll);
  return hasInclude(config) || !config.hosts.every(isClosed);
}
