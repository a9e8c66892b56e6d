/** Lua modules of the platform, as far as they are called; each is loaded by `require`, which TypeScript cannot type. */

/** lua-cjson, the variant that answers `nil, reason` instead of raising. */
interface CjsonSafe {
  encode(this: void, value: unknown): LuaMultiReturn<[string | undefined, string | undefined]>;
  decode(this: void, text: string): LuaMultiReturn<[unknown, string | undefined]>;
}

/** ngx.semaphore of lua-resty-core. */
interface SemaphoreModule {
  "new"(this: void, count: number): LuaMultiReturn<[Semaphore | undefined, string | undefined]>;
}

interface Semaphore {
  post(count: number): void;
  wait(timeoutSeconds: number): LuaMultiReturn<[boolean | undefined, string | undefined]>;
  count(): number;
}

/** lua-resty-redis, or Debian's copy of it: commands are methods, also inside a pipeline. */
interface RedisModule {
  "new"(): LuaMultiReturn<[RedisClient | undefined, string | undefined]>;
}

interface RedisClient {
  set_timeout(milliseconds: number): void;
  connect(host: string, portOrOptions?: unknown, options?: unknown): LuaMultiReturn<[boolean | undefined, string?]>;
  set_keepalive(idleMs: number, size: number): LuaMultiReturn<[boolean | undefined, string?]>;
  get_reused_times(): LuaMultiReturn<[number | undefined, string?]>;
  close(): LuaMultiReturn<[boolean | undefined, string?]>;
  init_pipeline(commands?: number): void;
  commit_pipeline(): LuaMultiReturn<[unknown[] | undefined, string?]>;
  read_reply(): LuaMultiReturn<[unknown[] | undefined, string?]>;
  [command: string]: unknown;
}
