import { diversionTypes } from "../../dygateway/core/diversion/index.ts";
import { parseTrustedProxies } from "../../dygateway/core/userinfo/client_address.ts";
import { canonicalAddress, isLoopback } from "./address.ts";
import { adminAddressOf } from "./model.ts";
import type { Problem } from "./problem.ts";
import * as problems from "./problems.ts";
import type { Config } from "./schema.ts";
import { bytesOf } from "./units.ts";

/** The admin listener, Redis and the workers, each in itself. */
export function checkServices(config: Config): Problem[] {
  const found: Problem[] = [];
  const { admin, redis } = config;
  const address = adminAddressOf(config);
  const protectedByToken = [admin.token, admin.token_env, admin.token_file].some((source) => source !== undefined);
  if (!isLoopback(address) && !protectedByToken) {
    found.push(problems.adminExposed(["admin", "listen"], canonicalAddress(address)));
  }
  if (redis.unix_socket !== undefined) {
    if (redis.host !== undefined) found.push(problems.notTogether(["redis", "host"], "redis.unix_socket"));
    if (redis.port !== undefined) found.push(problems.notTogether(["redis", "port"], "redis.unix_socket"));
  }
  if (redis.database >= redis.server.databases) {
    found.push(problems.databaseTooHigh(["redis", "database"], redis.server.databases));
  }
  if (bytesOf(config.workers.shared_dict) < 1024 ** 2) {
    found.push(problems.sharedDictTooSmall(["workers", "shared_dict"]));
  }
  return [...found, ...checkGateway(config), ...checkDynamicUpstreams(config)];
}

function checkDynamicUpstreams({ dynamic_upstreams: { engine, dyups, dyups_location: location } }: Config): Problem[] {
  const section = ["dynamic_upstreams"];
  const found: Problem[] = [];
  if (engine === "dyups" && dyups === undefined) found.push(problems.dyupsMissing([...section, "engine"]));
  if (engine !== "dyups" && dyups !== undefined) found.push(problems.dyupsUnused([...section, "dyups"]));
  if (["/ab_admin", "/dyupsc_admin"].includes(location)) found.push(problems.locationTaken([...section, "dyups_location"], location));
  return found;
}

/** What the gateway itself would refuse when it starts, by its own judgement. */
function checkGateway(config: Config): Problem[] {
  const proxies = config.trusted_proxies.flatMap((network, index) => {
    const parsed = parseTrustedProxies([network]);
    return parsed.ok ? [] : [problems.badValue(["trusted_proxies", index], parsed.reason)];
  });
  const divtypes = Object.keys(config.divtypes)
    .filter((divtype) => diversionTypes[divtype] !== undefined)
    .map((divtype) => problems.divtypeBuiltIn(["divtypes", divtype]));
  return [...proxies, ...divtypes];
}
