import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/node/config/load.ts";
import { configJsonSchema } from "../../src/node/config/schema.ts";
import { findNginx } from "../../src/node/render/nginx_binary.ts";
import { renderSet } from "../../src/node/render/rendered_set.ts";
import { outputTarget } from "../../src/node/render/target.ts";
import { directivesNamed, dumpedByNginx, readNginx, shapeOf, type Directive } from "./support/nginx_reader.ts";
import { readRedis } from "./support/redis_reader.ts";
import { Sandbox } from "./support/sandbox.ts";
import { placesOf, stringLeaves } from "./support/string_leaves.ts";

/** What somebody would write to get out of a value, or to break its file. */
const injections: readonly string[] = [
  '"; return 200 "x',
  "'; return 200 'x",
  "; return 200",
  " return 200",
  "} server { listen 1; }",
  "{",
  "}",
  ";",
  "#",
  " # comment",
  '"',
  "'",
  "\\",
  '\\"; return 200 "',
  "\\\\",
  "\n return 200;\n",
  "\r\nreturn 200;",
  "\u0000",
  "\t",
  "\u0085",
  "\u2028",
  "\u202e",
  "\ud800",
  "$host",
  "${http_x}",
  "$",
  '") os.execute("touch /tmp/x") --',
  "]]",
  "]==]",
  "--[[",
  "/*",
  "?.lua;/tmp/?.lua",
  "%00",
  // One step only: from the sandbox's `deep` folder it leads into the sandbox, and never out of it.
  "../aside",
  "[a]",
  "`id`",
  "<script>",
  "{{this}}",
  "é中文",
  "__proto__",
  "x".repeat(999),
  "x".repeat(5000),
];

interface Field {
  readonly name: string;
  /** A value that is fine, and around which a hostile one is built. */
  readonly base: string;
  readonly config: (value: string, sandbox: Sandbox) => object;
  /** Where the value must then be, and nowhere else: a directive, and the argument as nginx must read it. */
  readonly in?: { readonly directive: string; readonly argument?: (value: string, sandbox: Sandbox) => string };
  /** For redis.conf. */
  readonly inRedis?: string;
  /** For dygateway.json. */
  readonly inSettings?: (value: string, sandbox: Sandbox) => object;
  /** nginx itself judges it too: regular expressions, names to look up, users. */
  readonly nginxMayRefuse?: true;
}

/** A path that nginx will really create. Refuses one that would lead out of the sandbox. */
function within(sandbox: Sandbox, value: string): string {
  const path = `${sandbox.path("deep")}/x${value}`;
  if (!normalize(path).startsWith(`${sandbox.folder}/`)) throw new Error(`the test itself would write to ${path}`);
  const parent = dirname(path);
  if (!path.includes("\0")) mkdirSync(parent, { recursive: true });
  return path;
}

const host = (more: object): object => ({ hosts: [{ server_name: "api.weibo.cn", default_upstream: "stable", ...more }] });
const tlsHost = (tls: object): object => ({
  listeners: { https: { listen: "127.0.0.1:8443", tls: true } },
  ...host({ tls: { certificate: "/c.pem", certificate_key: "/k.pem", ...tls } }),
});
const servers = (address: unknown): object => ({ upstreams: { stable: { servers: [address] } } });

const location = (more: object): object => host({ locations: [{ path: "/", ...more }] });

const found = findNginx({}, process.env);
const luaModules = found.ok ? found.nginx.modules : [];

/** A folder with the modules that nginx loads here, if it loads any. */
function modulesAt(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    for (const module of luaModules) {
      const link = join(folder, basename(module));
      if (!readdirSync(folder).includes(basename(module))) symlinkSync(module, link);
    }
  } catch {
    // No file system has such a name: what is tested is that the name is refused.
  }
  return folder;
}

/** What a host says for its locations, and each of them for itself. */
function diversionFields(where: string, within: (more: object) => object): Field[] {
  const proxy = (name: string, directive: string): Field => ({
    name: `proxy.${name} of a ${where}`,
    base: "5s",
    config: (value) => within({ proxy: { [name]: value } }),
    in: { directive },
  });
  return [
    { name: `hostkey of a ${where}`, base: "key", config: (value) => within({ hostkey: value }), in: { directive: "set" } },
    {
      name: `default_upstream of a ${where}`,
      base: "beta",
      config: (value) => ({ ...within({ default_upstream: value }), upstreams: { [value]: { servers: ["127.0.0.1:1"] }, stable: { servers: ["127.0.0.1:1"] } } }),
      in: { directive: "upstream" },
    },
    proxy("connect_timeout", "proxy_connect_timeout"),
    proxy("send_timeout", "proxy_send_timeout"),
    proxy("read_timeout", "proxy_read_timeout"),
    { name: `proxy.max_body of a ${where}`, base: "5m", config: (value) => within({ proxy: { max_body: value } }), in: { directive: "client_max_body_size" } },
  ];
}

const fields: readonly Field[] = [
  { name: "server_name", base: "a.cn", config: (value) => host({ server_name: value, hostkey: "k" }), in: { directive: "server_name" } },
  {
    name: "server_name regex",
    base: "~^a",
    config: (value) => host({ server_name: value, hostkey: "k", name: "r" }),
    in: { directive: "server_name" },
    nginxMayRefuse: true,
  },
  { name: "name", base: "file", config: (value) => host({ name: value }) },
  ...diversionFields("host", host),
  ...diversionFields("location", location),
  { name: "a listener's name", base: "http", config: (value) => ({ listeners: { [value]: "127.0.0.1:8031" }, ...host({ listeners: [value] }) }) },
  { name: "location", base: "/a", config: (value) => host({ locations: [{ path: value }] }), in: { directive: "location" } },
  {
    name: "location regex",
    base: "^/a",
    config: (value) => host({ locations: [{ path: value, match: "~*" }] }),
    in: { directive: "location" },
    nginxMayRefuse: true,
  },
  { name: "access_log of a host", base: "", config: (value, s) => host({ access_log: within(s, value) }), in: { directive: "access_log", argument: (value, s) => within(s, value) } },
  { name: "include of a host", base: "/nowhere/*", config: (value) => host({ include: value }), in: { directive: "include" }, nginxMayRefuse: true },
  { name: "include of a location", base: "/nowhere/*", config: (value) => host({ locations: [{ path: "/", include: value }] }), in: { directive: "include" }, nginxMayRefuse: true },
  { name: "include", base: "/nowhere/*", config: (value) => ({ include: [value] }), in: { directive: "include" }, nginxMayRefuse: true },
  { name: "certificate", base: "/c.pem", config: (value) => tlsHost({ certificate: value }), in: { directive: "ssl_certificate" }, nginxMayRefuse: true },
  { name: "certificate_key", base: "/k.pem", config: (value) => tlsHost({ certificate_key: value }), in: { directive: "ssl_certificate_key" }, nginxMayRefuse: true },
  { name: "listener", base: "127.0.0.1:8031", config: (value) => ({ listeners: { http: value } }), in: { directive: "listen" } },
  { name: "listener with more", base: "127.0.0.1:8031", config: (value) => ({ listeners: { http: { listen: value, backlog: 5 } } }), in: { directive: "listen" } },
  { name: "listener on a socket", base: "", config: (value, s) => ({ listeners: { http: `unix:${within(s, value)}` } }), in: { directive: "listen", argument: (value, s) => `unix:${within(s, value)}` } },
  { name: "admin.listen", base: "127.0.0.1:8081", config: (value) => ({ admin: { listen: value } }), in: { directive: "listen" } },
  { name: "server", base: "127.0.0.1:8041", config: (value) => servers(value), in: { directive: "server" }, nginxMayRefuse: true },
  { name: "server on a socket", base: "unix:/tmp/s", config: (value) => servers({ address: value, weight: 2 }), in: { directive: "server" }, nginxMayRefuse: true },
  { name: "fail_timeout", base: "5s", config: (value) => servers({ address: "127.0.0.1:1", fail_timeout: value }), in: { directive: "server" } },
  { name: "hash", base: "$uri", config: (value) => ({ upstreams: { stable: { balance: { hash: value }, servers: ["127.0.0.1:1"] } } }), in: { directive: "hash" }, nginxMayRefuse: true },
  { name: "dynamic_upstreams.keepalive_timeout", base: "5s", config: (value) => ({ dynamic_upstreams: { keepalive_timeout: value } }), in: { directive: "keepalive_timeout" } },
  { name: "dynamic_upstreams.dyups_location", base: "/a", config: (value) => ({ dynamic_upstreams: { dyups_location: value } }), in: { directive: "location", argument: (value) => `${value}/` } },
  { name: "dynamic_upstreams.resolvers", base: "10.0.0.2", config: (value) => ({ dynamic_upstreams: { resolvers: [value] } }), inSettings: (value) => ({ upstreams: { resolvers: [value] } }) },
  { name: "dynamic_upstreams.dyups.url", base: "http://a", config: (value) => ({ dynamic_upstreams: { engine: "dyups", dyups: { url: value } } }), inSettings: (value) => ({ upstreams: { dyups_url: value } }) },
  { name: "dynamic_upstreams.dyups.timeout", base: "5s", config: (value) => ({ dynamic_upstreams: { engine: "dyups", dyups: { url: "http://a", timeout: value } } }) },
  { name: "admin.max_body", base: "5m", config: (value) => ({ admin: { max_body: value } }), in: { directive: "client_max_body_size" } },
  { name: "workers.user", base: "root", config: (value) => ({ workers: { user: value } }), in: { directive: "user" }, nginxMayRefuse: true },
  { name: "workers.shared_dict", base: "5m", config: (value) => ({ workers: { shared_dict: value } }), in: { directive: "lua_shared_dict" } },
  { name: "paths.install", base: "", config: (value, s) => ({ paths: { install: s.installAt(s.prefix + value) } }), in: { directive: "rewrite_by_lua_file", argument: (value, s) => `${s.prefix}${value}/diversion/diversion.lua` }, nginxMayRefuse: true },
  { name: "paths.run", base: "", config: (value, s) => ({ paths: { run: within(s, value) } }), in: { directive: "pid", argument: (value, s) => join(within(s, value), "nginx.pid") } },
  { name: "paths.logs", base: "", config: (value, s) => ({ paths: { logs: within(s, value) } }), in: { directive: "access_log", argument: (value, s) => join(within(s, value), "access.log") } },
  { name: "workers.shutdown_timeout", base: "5s", config: (value) => ({ workers: { shutdown_timeout: value } }), in: { directive: "worker_shutdown_timeout" } },
  {
    name: "paths.modules",
    base: "",
    config: (value, s) => ({ paths: { modules: modulesAt(within(s, value)) } }),
    in: { directive: "load_module", argument: (value, s) => join(within(s, value), "ngx_http_lua_module.so") },
    nginxMayRefuse: true,
  },
  { name: "paths.snapshot", base: "", config: (value, s) => ({ paths: { snapshot: within(s, value) } }), inSettings: (value, s) => ({ snapshot_dir: within(s, value) }) },
  { name: "paths.mime_types", base: "/nowhere", config: (value) => ({ paths: { mime_types: value } }), in: { directive: "include" }, nginxMayRefuse: true },
  { name: "logging.access", base: "", config: (value, s) => ({ logging: { access: within(s, value) } }), in: { directive: "access_log", argument: (value, s) => within(s, value) } },
  { name: "logging.error", base: "", config: (value, s) => ({ logging: { error: within(s, value) } }), in: { directive: "error_log", argument: (value, s) => within(s, value) } },
  { name: "trusted_proxies", base: "10.0.0.0/8", config: (value) => ({ trusted_proxies: [value] }), inSettings: (value) => ({ trusted_proxies: [value] }) },
  { name: "divtypes", base: "mine", config: (value) => ({ divtypes: { [value]: value } }), inSettings: (value) => ({ divtypes: { [value]: value } }) },
  { name: "redis.unix_socket", base: "/s", config: (value) => ({ redis: { unix_socket: value } }), inRedis: "unixsocket", inSettings: (value) => ({ redis: { unix_socket: value } }) },
  { name: "redis.host", base: "127.0.0.1", config: (value) => ({ redis: { host: value } }), inRedis: "bind", inSettings: (value) => ({ redis: { host: value } }) },
  { name: "redis.username", base: "user", config: (value) => ({ redis: { username: value } }), inRedis: "user", inSettings: (value) => ({ redis: { username: value } }) },
  { name: "redis.password", base: "secret", config: (value) => ({ redis: { password: value } }), inSettings: (value) => ({ redis: { password: value } }) },
  { name: "redis.prefix", base: "ab", config: (value) => ({ redis: { prefix: value } }), inSettings: (value) => ({ redis: { prefix: value } }) },
  { name: "redis.connect_timeout", base: "5s", config: (value) => ({ redis: { connect_timeout: value } }) },
  { name: "redis.read_timeout", base: "5s", config: (value) => ({ redis: { read_timeout: value } }) },
  { name: "redis.server.bind", base: "127.0.0.1", config: (value) => ({ redis: { server: { bind: ["::1", value] } } }), inRedis: "bind" },
  { name: "redis.server.unix_socket_perm", base: "770", config: (value) => ({ redis: { unix_socket: "/s", server: { unix_socket_perm: value } } }), inRedis: "unixsocketperm" },
  { name: "redis.server.data_dir", base: "/d", config: (value) => ({ redis: { server: { data_dir: value } } }), inRedis: "dir" },
  { name: "redis.server.log_file", base: "/l", config: (value) => ({ redis: { server: { log_file: value } } }), inRedis: "logfile" },
  { name: "redis.server.pid_file", base: "/p", config: (value) => ({ redis: { server: { pid_file: value } } }), inRedis: "pidfile" },
  { name: "redis.server.maxmemory", base: "5m", config: (value) => ({ redis: { server: { maxmemory: value } } }), inRedis: "maxmemory" },
  { name: "admin.token", base: "token", config: (value) => ({ admin: { token: value } }), inSettings: (value) => ({ admin: { token: value } }) },
  { name: "admin.hosts", base: "a.cn", config: (value) => ({ admin: { hosts: [value] } }), inSettings: (value) => ({ admin: { hosts: [value] } }) },
];

/** Texts that no file of nginx or Redis has in it. */
const unrendered: readonly (readonly [place: RegExp, because: string])[] = [
  [/^(?:redis\.password|admin\.token)_(?:env|file)$/, "where the secret is read from; the secret itself has a row"],
  [/^paths\.nginx$/, "the program that is run"],
  [/^paths\.upstreams$/, "where a link leads"],
  [/^manager\./, "read by the manager alone"],
  [/^lvs\./, "read by the commands for LVS alone"],
];

interface Reading {
  readonly nginx: readonly Directive[];
  readonly redis: readonly string[][];
  readonly settings: unknown;
}

/** The rendered files as a reader of our own sees them; `null`: refused, with a place in the file. */
function readingOf(sandbox: Sandbox): Reading | null {
  const result = loadConfig(sandbox.path("dygateway.yaml"), {});
  if (!result.ok) {
    for (const problem of result.problems) expect(problem.line, problem.text).toBeGreaterThan(0);
    return null;
  }
  const { config } = result.loaded;
  const { modules: folder } = config.paths;
  const modules = folder === undefined ? [] : [join(folder, "ngx_http_lua_module.so")];
  const nginx = { path: "nginx", isOpenResty: false, modules, mimeTypes: config.paths.mime_types ?? "/m" };
  const site = { nginx, install: config.paths.install ?? "", workerUser: config.workers.user ?? null };
  const files = renderSet(result.loaded, site, outputTarget("/o", config), "");
  const textOf = (path: string): string => files.find((file) => file.path === path)?.text ?? "";
  return {
    nginx: files.filter(({ path }) => path.endsWith(".conf") && path !== "redis.conf").flatMap(({ text }) => readNginx(text)),
    redis: readRedis(textOf("redis.conf")),
    settings: JSON.parse(textOf("dygateway.json")) as unknown,
  };
}

const redisShape = (lines: readonly string[][]): string => lines.map((line) => `${line[0] ?? ""}/${line.length}`).join(" ");

/** One argument of the directive is the value, whole; `=` as in fail_timeout=5s. */
function expectArgument(directives: readonly Directive[], field: Field, value: string, sandbox: Sandbox): void {
  if (field.in === undefined) return;
  const expected = field.in.argument?.(value, sandbox) ?? value;
  const all = directivesNamed(directives, field.in.directive).flatMap(({ args }) => args.slice(1));
  expect(all.some((argument) => argument === expected || argument.endsWith(`=${expected}`)), JSON.stringify(all)).toBe(true);
}

async function tryValue(field: Field, value: string, benign: Reading, asksNginx: boolean): Promise<void> {
  const sandbox = new Sandbox();
  sandbox.configure(field.config(value, sandbox));
  const reading = readingOf(sandbox);
  if (reading === null) return;
  expect(shapeOf(reading.nginx)).toBe(shapeOf(benign.nginx));
  expect(redisShape(reading.redis)).toBe(redisShape(benign.redis));
  expectArgument(reading.nginx, field, value, sandbox);
  if (field.inRedis !== undefined) {
    expect(reading.redis.filter((line) => line[0] === field.inRedis && line.includes(value))).toHaveLength(1);
  }
  if (field.inSettings !== undefined) expect(reading.settings).toMatchObject(field.inSettings(value, sandbox));
  if (field.in === undefined || !asksNginx) return;

  const run = await sandbox.render();
  if (run.code !== 0) {
    // nginx may not find a file, a user, the sense of a regular expression; what stands where is never in question.
    expect(field.nginxMayRefuse, run.err).toBe(true);
    expect(run.err).not.toMatch(/unknown directive|unexpected|is not terminated|number of arguments|not allowed here/);
    return;
  }
  expectArgument(dumpedByNginx(sandbox.output), field, value, sandbox);
}

it("every text of the schema has a row, or is rendered nowhere", () => {
  const leaves = stringLeaves(configJsonSchema());
  const probe = "§";
  const sandbox = new Sandbox();
  const tried = new Set(fields.flatMap((field) => placesOf(field.config(probe, sandbox), probe, leaves)));
  const isUnrendered = (leaf: string): boolean => unrendered.some(([place]) => place.test(leaf));
  expect(leaves.filter((leaf) => tried.has(leaf) === isUnrendered(leaf))).toEqual([]);
  expect([...tried].filter((place) => !leaves.includes(place))).toEqual([]);
});

describe("no value breaks out of its directive", () => {
  it.each(fields)("$name", { timeout: 120_000 }, async (field) => {
    const sandbox = new Sandbox();
    sandbox.configure(field.config(field.base === "" ? "x" : field.base, sandbox));
    const benign = readingOf(sandbox);
    if (benign === null) throw new Error(`${field.base} itself is refused`);
    for (const injection of injections) {
      for (const value of new Set([field.base + injection, injection])) {
        try {
          // nginx takes its time; that of the two values which looks like a sound one has the better chance.
          await tryValue(field, value, benign, value !== injection || field.base === "");
        } catch (error) {
          throw new Error(`with ${JSON.stringify(value.slice(0, 80))}`, { cause: error });
        }
      }
    }
  });
});

describe("the reader that checks this", () => {
  it.each(['listen "80', "listen 80; }", "server { listen 80;", 'listen "80"x;', ";"])("refuses %s", (text) => {
    expect(() => readNginx(text)).toThrow();
  });

  it("reads quotes, escapes and blocks as nginx does", () => {
    expect(readNginx('a "b\\"c" d\\;e { f "${x}"; } # g\ninit_by_lua_block { x("}") }')).toEqual([
      { args: ["a", 'b"c', "d\\;e"], body: [{ args: ["f", "${x}"], body: null }] },
      { args: ["init_by_lua_block"], body: ' x("}") ' },
    ]);
  });

  it("would notice a value that is not quoted", () => {
    const set = (value: string): string => shapeOf(readNginx(`location / { set $backend ${value}; }`));
    expect(set("a; return 200")).not.toBe(set("a"));
  });

  it("creates nothing outside of its sandbox", () => {
    expect(() => within(new Sandbox(), "/../../../etc")).toThrow("the test itself would write to");
  });
});
