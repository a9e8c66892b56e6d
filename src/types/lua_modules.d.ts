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

/** ngx.balancer of lua-resty-core. */
interface BalancerModule {
  set_current_peer(this: void, host: string, port: number | undefined): LuaMultiReturn<[boolean | undefined, string?]>;
  set_more_tries(this: void, count: number): LuaMultiReturn<[boolean | undefined, string?]>;
  /** "failed" or "next"; undefined in the first try. */
  get_last_failure(this: void): LuaMultiReturn<[string | undefined, number?]>;
}

/** ngx.process of lua-resty-core. */
interface ProcessModule {
  type(this: void): string;
  /** Answers nil where nginx is built without it. */
  enable_privileged_agent(this: void, connections: number): LuaMultiReturn<[boolean | undefined, string?]>;
}

/** lua-resty-redis, or Debian's copy of it: commands are methods. */
interface RedisModule {
  "new"(): LuaMultiReturn<[RedisClient | undefined, string | undefined]>;
}

interface RedisClient {
  set_timeout(milliseconds: number): void;
  connect(host: string, portOrOptions?: unknown, options?: unknown): LuaMultiReturn<[boolean | undefined, string?]>;
  set_keepalive(idleMs: number, size: number): LuaMultiReturn<[boolean | undefined, string?]>;
  get_reused_times(): LuaMultiReturn<[number | undefined, string?]>;
  close(): LuaMultiReturn<[boolean | undefined, string?]>;
  /** The connection itself; the name is the same in all versions. */
  readonly _sock: ngx.TcpSocket;
  read_reply(): LuaMultiReturn<[unknown[] | undefined, string?]>;
  [command: string]: unknown;
}

/** lua-resty-dns, or Debian's copy of it. */
interface DnsModule {
  "new"(options: DnsOptions): LuaMultiReturn<[DnsClient | undefined, string | undefined]>;
}

interface DnsOptions {
  readonly nameservers: readonly (readonly [host: string, port: number])[];
  /** Attempts. */
  readonly retrans: number;
  /** Milliseconds an attempt. */
  readonly timeout: number;
}

interface Closeable {
  close(): unknown;
}

interface DnsClient {
  /** One for each nameserver. The client itself never closes them. */
  readonly socks?: readonly Closeable[];
  /** For answers that do not fit into a datagram. */
  readonly tcp_sock?: Closeable;
  /** A list of records that may have `errcode` and `errstr`. */
  query(name: string, options: { readonly qtype: number }): LuaMultiReturn<[DnsAnswer | undefined, string | undefined]>;
}

type DnsAnswer = readonly DnsAnswerRecord[] & { readonly errcode?: number; readonly errstr?: string };

interface DnsAnswerRecord {
  readonly type: number;
  readonly ttl: number;
  readonly address?: string;
}

/** LuaJIT's own. */
declare const jit: { flush(this: void): void };
