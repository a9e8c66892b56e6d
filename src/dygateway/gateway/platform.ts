/** Lua modules that come with the platform: OpenResty's, or Debian's packages. */

declare function require(this: void, name: string): unknown;

export const cjson = require("cjson.safe") as CjsonSafe;

function loadRedis(): RedisModule {
  const [found, resty] = pcall(() => require("resty.redis") as RedisModule);
  return found ? resty : (require("nginx.redis") as RedisModule);
}

export const redisModule: RedisModule = loadRedis();

export const semaphoreModule = require("ngx.semaphore") as SemaphoreModule;

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
