/** lua-nginx-module, as far as it is called: https://github.com/openresty/lua-nginx-module */

/** @noSelf */
declare namespace ngx {
  const ERR: number;
  const WARN: number;
  const NOTICE: number;
  const INFO: number;
  const HTTP_OK: number;

  /** The userdata that stands for a nil of Redis or JSON. */
  const null_: unique symbol;

  interface Variables {
    [name: string]: string | undefined;
  }

  interface SharedDict {
    get(key: string): LuaMultiReturn<[string | number | undefined, number | string | undefined]>;
    /** Refuses instead of evicting others when memory is short. */
    safe_set(
      key: string,
      value: string | number,
      expireSeconds?: number,
    ): LuaMultiReturn<[boolean | undefined, string | undefined]>;
    safe_add(key: string, value: string | number, expireSeconds?: number): LuaMultiReturn<[boolean, string | undefined]>;
    incr(key: string, by: number): LuaMultiReturn<[number | undefined, string | undefined]>;
    delete(key: string): void;
    /** @param most 0 for all of them: locks the dict meanwhile. */
    get_keys(most: number): string[];
    free_space?(): number;
    capacity?(): number;
  }

  interface TcpSocket {
    settimeouts(connectMs: number, sendMs: number, readMs: number): void;
    /** @param host an address, IPv6 in brackets, or `unix:/path` without a port. */
    connect(host: string, port?: number): LuaMultiReturn<[number | undefined, string | undefined]>;
    send(data: string | readonly string[]): LuaMultiReturn<[number | undefined, string | undefined]>;
    /** What is there, as soon as anything is. */
    receiveany(mostBytes: number): LuaMultiReturn<[string | undefined, string | undefined]>;
    /** So many bytes, once all of them are there. */
    receive(bytes: number): LuaMultiReturn<[string | undefined, string | undefined]>;
    close(): LuaMultiReturn<[number | undefined, string | undefined]>;
  }

  interface Thread {
    readonly __thread: unique symbol;
  }

  const shared: { [name: string]: SharedDict | undefined };
  // eslint-disable-next-line no-var
  var header: { [name: string]: string | number | undefined };
  // eslint-disable-next-line no-var
  var status: number;
  const is_subrequest: boolean;

  function log(level: number, ...texts: (string | number)[]): void;
  function print(...texts: (string | number)[]): void;
  function say(...texts: (string | number)[]): void;
  function flush(wait: boolean): void;
  function exit(status: number): void;
  /** Seconds since 1970 with milliseconds, cached by nginx since the last event. */
  function now(): number;
  function update_time(): void;
  function sleep(seconds: number): void;
  function md5(text: string): string;
  function crc32_long(text: string): number;
  function get_phase(): string;
  function time(): number;

  namespace req {
    function get_method(): string;
    function read_body(): void;
    function get_body_data(): string | undefined;
    function get_body_file(): string | undefined;
    function discard_body(): void;
    function clear_header(name: string): void;
    /** Values are `true` for a name without one, and a list where a name stands more than once. */
    function get_uri_args(most: number): LuaMultiReturn<[Record<string, string | boolean | (string | boolean)[]>, string?]>;
  }

  namespace worker {
    function id(): number | undefined;
    function pid(): number;
    function count(): number;
    function exiting(): boolean;
  }

  namespace socket {
    function tcp(): TcpSocket;
  }

  namespace timer {
    type Callback = (this: void, premature: boolean) => void;
    function at(delaySeconds: number, callback: Callback): LuaMultiReturn<[number | undefined, string | undefined]>;
    function every(
      intervalSeconds: number,
      callback: Callback,
    ): LuaMultiReturn<[number | undefined, string | undefined]>;
  }

  namespace thread {
    function spawn(run: (this: void) => void): Thread;
    function wait(...threads: Thread[]): LuaMultiReturn<[boolean, unknown]>;
    function kill(thread: Thread): LuaMultiReturn<[boolean | undefined, string | undefined]>;
  }

  namespace config {
    const subsystem: string;
    const ngx_lua_version: number;
    function prefix(): string;
  }
}
