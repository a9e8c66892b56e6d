/** Lua modules that come with the platform: OpenResty's, or Debian's packages. */

declare function require(this: void, name: string): unknown;

export const cjson = require("cjson.safe") as CjsonSafe;

function loadRedis(): RedisModule {
  const [found, resty] = pcall(() => require("resty.redis") as RedisModule);
  return found ? resty : (require("nginx.redis") as RedisModule);
}

export const redisModule: RedisModule = loadRedis();

export const semaphoreModule = require("ngx.semaphore") as SemaphoreModule;

export const balancerModule = require("ngx.balancer") as BalancerModule;

export const processModule = require("ngx.process") as ProcessModule;

/** The userdata by which lua-nginx-module says nil in Redis replies and JSON. */
export const ngxNull: unknown = (ngx as unknown as Record<string, unknown>)["null"];

/** The name of the one shared dict; nginx.conf declares it, `lua_shared_dict dygateway 64m;`. */
export const DICT = "dygateway";

/** @throws when nginx.conf does not declare it: nothing works without. */
export function dict(): ngx.SharedDict {
  const found = ngx.shared[DICT];
  if (found === undefined) {
    throw new Error(`nginx.conf lacks 'lua_shared_dict ${DICT} 64m;' at the http level`);
  }
  return found;
}

/** The DNS client: a package of its own on Debian, needed only where servers have names. */
export function dnsModule(): DnsModule | undefined {
  for (const name of ["resty.dns.resolver", "nginx.dns.resolver"]) {
    const [found, client] = pcall(() => require(name) as DnsModule);
    if (found) {
      return client;
    }
  }
  return undefined;
}
