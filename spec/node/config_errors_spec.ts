import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/node/config/load.ts";
import { problemLine } from "../../src/node/config/problem.ts";
import { Sandbox } from "./support/sandbox.ts";

const problemsOf = (text: string, environment: Record<string, string> = {}): string[] => {
  const result = parseConfig("dygateway.yaml", text, environment);
  return result.ok ? [] : result.problems.map(problemLine);
};

const host = `hosts:
  - server_name: api.weibo.cn
    default_upstream: stable
`;
const upstreams = `upstreams:
  stable: { servers: [127.0.0.1:8040] }
`;
const sound = host + upstreams;

/** A text, and all that is wrong with it. */
const table: readonly [name: string, text: string, problems: readonly string[]][] = [
  ["a sound file", sound, []],
  [
    "a mistyped key",
    `${sound}redis:\n  prot: 6379\n`,
    ['dygateway.yaml:7:3: redis.prot: unknown key "prot"; did you mean "port"?'],
  ],
  [
    "a mistyped key in a list",
    `${host}    locations:\n      - path: /\n        hostke: a\n${upstreams}`,
    ['dygateway.yaml:6:9: hosts[0].locations[0].hostke: unknown key "hostke"; did you mean "hostkey"?'],
  ],
  [
    "a mistyped key in one of two forms",
    `${host}upstreams:\n  stable:\n    servers:\n      - { addres: 127.0.0.1:80 }\n`,
    [
      "dygateway.yaml:7:9: upstreams.stable.servers[0].address: is missing",
      'dygateway.yaml:7:11: upstreams.stable.servers[0].addres: unknown key "addres"; did you mean "address"?',
    ],
  ],
  [
    "a key that belongs elsewhere",
    `${sound}token: secret\n`,
    ['dygateway.yaml:6:1: token: unknown key "token"; it belongs in admin'],
  ],
  [
    "a key nobody knows",
    `${sound}admin: { xyzzy: 1 }\n`,
    [
      'dygateway.yaml:6:10: admin.xyzzy: unknown key "xyzzy"; known here: ' +
        "listen, token, token_env, token_file, hosts, max_body",
    ],
  ],
  [
    "several problems, in the order of the file",
    `${host}upstreams:\n  stable: { servers: [], keepalive: -1 }\nworkers: { processes: many }\n`,
    [
      "dygateway.yaml:5:22: upstreams.stable.servers: needs at least 1 entry",
      "dygateway.yaml:5:37: upstreams.stable.keepalive: -1 is too small: at least 0 is possible",
      'dygateway.yaml:6:23: workers.processes: expected "auto" or a number, found "many"',
    ],
  ],
  ["nothing", "", ["dygateway.yaml:1:1: expected keys and values, found nothing (in YAML, an empty value or an unquoted ~ is null)"]],
  [
    "missing parts",
    "redis: {}\n",
    ["dygateway.yaml:1:1: hosts: is missing", "dygateway.yaml:1:1: upstreams: is missing"],
  ],
  [
    "a tilde without quotes",
    `${host}    locations: [{ path: /, match: ~ }]\n${upstreams}`,
    [
      "dygateway.yaml:4:35: hosts[0].locations[0].match: expected one of prefix, =, ^~, ~, ~*, " +
        "found nothing (in YAML, an empty value or an unquoted ~ is null)",
    ],
  ],
  [
    "a password that is a number, which is not shown",
    `${sound}redis: { password: 12345 }\n`,
    ["dygateway.yaml:6:20: redis.password: expected text, found a number (in quotes it would be text)"],
  ],
  [
    "a password with a line break, which is not shown",
    `${sound}redis: { password: "p\\nw" }\n`,
    [
      "dygateway.yaml:6:20: redis.password: is not a password (some text without control characters) " +
        "(the value is not shown)",
    ],
  ],
  [
    "a key that is there twice",
    `${host}upstreams:\n  stable: { servers: [127.0.0.1:1] }\n  stable: { servers: [127.0.0.1:2] }\n`,
    ["dygateway.yaml:6:3: the key stable is there twice"],
  ],
  [
    "a key that JavaScript would lose",
    `${sound}  __proto__: { servers: [127.0.0.1:1] }\n`,
    ['dygateway.yaml:6:3: the key "__proto__" is not possible'],
  ],
  [
    "a wildcard without quotes",
    `hosts:\n  - server_name: *.weibo.cn\n`,
    [
      "dygateway.yaml:2:18: there is no anchor &.weibo.cn; in YAML, text that begins with * must be in quotes: " +
        '"*.weibo.cn"',
    ],
  ],
  ["text that is not YAML", "hosts: [", ["dygateway.yaml:1:9: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]"]],
  [
    "an upstream that is not there",
    `hosts:\n  - server_name: a.cn\n    default_upstream: stabel\n${upstreams}`,
    ['dygateway.yaml:3:23: hosts[0].default_upstream: there is no upstream "stabel"; did you mean "stable"?'],
  ],
  [
    "no default upstream",
    `hosts:\n  - server_name: a.cn\n    locations:\n      - path: /\n${upstreams}`,
    [
      "dygateway.yaml:4:9: hosts[0].locations[0]: default_upstream is missing; " +
        "set it here or for the whole host",
    ],
  ],
  [
    "an upstream with a name of the gateway's own",
    `${sound}  dygateway_balancer: { servers: [127.0.0.1:1] }\n`,
    ["dygateway.yaml:6:3: upstreams.dygateway_balancer: names that begin with dygateway_balancer are the gateway's own"],
  ],
  [
    "a backup with a way to balance that has none",
    `${sound}  a: { balance: { hash: $uri }, servers: [127.0.0.1:1, { address: 127.0.0.1:2, backup: true }] }\n`,
    ["dygateway.yaml:6:88: upstreams.a.servers[1].backup: a backup server is not possible with balance: hash"],
  ],
  [
    "ways to balance that there are not",
    `${sound}  a: { balance: fair, servers: [127.0.0.1:1] }\n  b: { balance: { hash: $ }, servers: [127.0.0.1:1] }\n`,
    [
      "dygateway.yaml:6:17: upstreams.a.balance: expected \"round_robin\" or \"least_conn\" or \"ip_hash\" or " +
        '"random" or "random_two" or keys and values, found "fair"',
      'dygateway.yaml:7:25: upstreams.b.balance.hash: "$" is not a hash key ' +
        "(text with nginx variables, as $remote_addr or ${arg_id}-$uri)",
    ],
  ],
  [
    "settings of dynamic upstreams that cannot be",
    `${sound}dynamic_upstreams: { engine: lua, keepalive: 0, resolvers: [dns.local], dyups_location: /a/, dyups: { url: ftp://a } }\n`,
    [
      'dygateway.yaml:6:30: dynamic_upstreams.engine: "lua" is not one of balancer, dyups',
      "dygateway.yaml:6:46: dynamic_upstreams.keepalive: 0 is too small: at least 1 is possible",
      'dygateway.yaml:6:61: dynamic_upstreams.resolvers[0]: "dns.local" is not the address of a DNS server ' +
        "(10.0.0.2, 10.0.0.2:53, [fd00::2]:53)",
      'dygateway.yaml:6:89: dynamic_upstreams.dyups_location: "/a/" is not a path ' +
        "(letters, digits, _ . - between slashes; no slash at its end)",
      'dygateway.yaml:6:108: dynamic_upstreams.dyups.url: "ftp://a" is not an http URL ' +
        "(http://host:port, with a path if it has one)",
    ],
  ],
  [
    "the engine dyups without the gateway that it drives",
    `${sound}dynamic_upstreams: { engine: dyups, dyups_location: /ab_admin }\n`,
    [
      "dygateway.yaml:6:30: dynamic_upstreams.engine: dyups needs the gateway with the module: set dynamic_upstreams.dyups.url",
      "dygateway.yaml:6:53: dynamic_upstreams.dyups_location: /ab_admin is another interface's",
    ],
  ],
  [
    "a gateway with the module that no engine drives",
    `${sound}dynamic_upstreams: { dyups: { url: "http://127.0.0.1:8081" } }\n`,
    ["dygateway.yaml:6:22: dynamic_upstreams.dyups: is used with engine: dyups only"],
  ],
  [
    "upstreams that are one to nginx",
    `${sound}  Stable: { servers: [127.0.0.1:1] }\n`,
    ['dygateway.yaml:6:3: upstreams.Stable: the same upstream as "stable": nginx does not tell capitals from small letters'],
  ],
  [
    "an upstream of backups",
    `${host}upstreams:\n  stable: { servers: [{ address: 127.0.0.1:1, backup: true }] }\n`,
    ["dygateway.yaml:5:22: upstreams.stable.servers: every server is a backup; at least one must not be"],
  ],
  [
    "a server that is there twice",
    `${host}upstreams:\n  stable: { servers: [127.0.0.1, "127.0.0.1:80"] }\n`,
    ["dygateway.yaml:5:34: upstreams.stable.servers[1]: 127.0.0.1:80 is already a server of this upstream"],
  ],
  [
    "an address that is none",
    `${host}upstreams:\n  stable: { servers: [127.0.0.300:80] }\n`,
    [
      'dygateway.yaml:5:23: upstreams.stable.servers[0]: "127.0.0.300:80" is not a server address ' +
        "(host, host:port, [IPv6]:port or unix:/path)",
    ],
  ],
  [
    "the same location twice",
    `${host}    locations:\n      - path: /a\n      - { path: /a, match: ^~ }\n${upstreams}`,
    ["dygateway.yaml:6:9: hosts[0].locations[1]: the same location as hosts[0].locations[0]"],
  ],
  [
    "a location that is no path",
    `${host}    locations:\n      - path: abc\n${upstreams}`,
    [
      'dygateway.yaml:5:15: hosts[0].locations[0].path: "abc" must begin with / ' +
        '(for a regular expression set match: "~" or "~*")',
    ],
  ],
  [
    "a name and its double on one listener",
    `${host}  - { name: b, server_name: API.weibo.cn, default_upstream: stable }\n${upstreams}`,
    [
      'dygateway.yaml:4:29: hosts[1].server_name: "API.weibo.cn" is already served on listener "http" ' +
        "by hosts[0].server_name",
    ],
  ],
  [
    "two hosts for one file",
    `listeners: { a: 80, b: 81 }
hosts:
  - { server_name: a.cn, listeners: [a], default_upstream: stable }
  - { server_name: a.cn, listeners: [b], default_upstream: stable }
${upstreams}`,
    [
      "dygateway.yaml:4:5: hosts[1]: would be written to vhosts/a.cn.conf like hosts[0]; give one of them a name of its own",
    ],
  ],
  [
    "two default servers",
    `hosts:
  - { server_name: a.cn, default_server: true, default_upstream: stable }
  - { server_name: b.cn, default_server: true, default_upstream: stable }
${upstreams}`,
    ['dygateway.yaml:3:42: hosts[1].default_server: listener "http" has a default_server already: hosts[0]'],
  ],
  [
    "a listener that is not there",
    `hosts:\n  - { server_name: a.cn, listeners: [htp], default_upstream: stable }\n${upstreams}`,
    ['dygateway.yaml:2:38: hosts[0].listeners[0]: there is no listener "htp"; did you mean "http"?'],
  ],
  [
    "addresses that are one",
    `listeners: { a: 80, b: "0.0.0.0:80", c: { listen: 127.0.0.1:8080 } }\n${sound}`,
    [
      "dygateway.yaml:1:24: listeners.b: *:80 is already taken by listeners.a",
      "dygateway.yaml:1:41: listeners.c: 127.0.0.1:8080 is already taken by admin.listen",
    ],
  ],
  [
    "TLS without a certificate, HTTP/2 without TLS",
    `listeners: { a: { listen: 443, tls: true }, b: { listen: 80, http2: true } }\n${sound}`,
    [
      "dygateway.yaml:1:69: listeners.b.http2: http2 needs tls: true beside it",
      'dygateway.yaml:3:5: hosts[0]: listener "a" speaks TLS, so this host needs tls with a certificate',
    ],
  ],
  [
    "a certificate that nothing uses",
    `${host}    tls: { certificate: /c, certificate_key: /k }\n${upstreams}`,
    ["dygateway.yaml:4:5: hosts[0].tls: none of this host's listeners has tls: true, so the certificate would not be used"],
  ],
  [
    "a wildcard for a hostkey",
    `hosts:\n  - { server_name: "*.weibo.cn", default_upstream: stable }\n${upstreams}`,
    ['dygateway.yaml:2:5: hosts[0]: "*.weibo.cn" is not a plain name, so it cannot be the hostkey: set hostkey'],
  ],
  [
    "another variable in a hostkey",
    `${host}    hostkey: $uri.abc\n${upstreams}`,
    [
      'dygateway.yaml:4:14: hosts[0].hostkey: "$uri.abc" is not a hostkey (letters, digits, . : _ * - and the nginx ' +
        "variables $server_name and $host; write ${server_name}abc where letters follow)",
    ],
  ],
  [
    "an admin listener that others reach, without a token",
    `${sound}admin: { listen: 10.0.0.1:8080 }\n`,
    [
      "dygateway.yaml:6:18: admin.listen: 10.0.0.1:8080 is reachable from other machines and there is no token: " +
        "set admin.token_file (or token, token_env), or listen on 127.0.0.1",
    ],
  ],
  ["the same with one", `${sound}admin: { listen: 10.0.0.1:8080, token: secret }\n`, []],
  ...["8081", "0.0.0.0:8081", '"[::]:8081"', "admin.example.cn:8081"].map(
    (listen): [string, string, string[]] => [
      `an admin listener on ${listen} without a token`,
      `${sound}admin: { listen: ${listen} }\n`,
      [expect.stringContaining("is reachable from other machines and there is no token") as string],
    ],
  ),
  ...["127.0.0.2:8081", "localhost:8081", '"[::1]:8081"', "unix:/run/admin.sock"].map(
    (listen): [string, string, string[]] => [`an admin listener on ${listen}`, `${sound}admin: { listen: ${listen} }\n`, []],
  ),
  [
    "two sources of one secret",
    `${sound}admin: { token: a, token_env: B }\n`,
    ["dygateway.yaml:6:20: admin.token_env: cannot be set beside admin.token"],
  ],
  [
    "a variable that is not set",
    `${sound}admin: { token_env: ABSENT }\n`,
    ["dygateway.yaml:6:21: admin.token_env: the environment variable ABSENT is not set or empty"],
  ],
  [
    "a secret that cannot be one",
    `${sound}admin: { token_env: SPACED }\n`,
    [
      "dygateway.yaml:6:21: admin.token_env: what SPACED holds is not a token " +
        "(printable ASCII without spaces, as an HTTP header carries it) (the value is not shown)",
    ],
  ],
  [
    "a file that is not there",
    `${sound}redis: { password_file: /absent }\n`,
    [
      "dygateway.yaml:6:25: redis.password_file: cannot read /absent: " +
        "ENOENT: no such file or directory, open '/absent'",
    ],
  ],
  [
    "a socket and a port",
    `${sound}redis: { unix_socket: /s, port: 1 }\n`,
    ["dygateway.yaml:6:27: redis.port: cannot be set beside redis.unix_socket"],
  ],
  [
    "a database that Redis does not have",
    `${sound}redis: { database: 16 }\n`,
    ["dygateway.yaml:6:20: redis.database: redis.server.databases is 16, so the last one is 15"],
  ],
  [
    "networks that the gateway would refuse",
    `${sound}trusted_proxies: [10.0.0.1/8, 10.0.0.0/33]\n`,
    [
      'dygateway.yaml:6:31: trusted_proxies[1]: "10.0.0.0/33" is not an address, a network (10.0.0.0/8, fc00::/7) or unix:',
    ],
  ],
  [
    "a network with an address in it",
    `${sound}trusted_proxies: [10.0.0.1/8]\n`,
    ["dygateway.yaml:6:19: trusted_proxies[0]: '10.0.0.1/8' has bits set after its first 8"],
  ],
  [
    "a divtype that there is already",
    `${sound}divtypes: { uidrange: myParser }\n`,
    ["dygateway.yaml:6:13: divtypes.uidrange: is a diversion type of dygateway itself; give yours another name"],
  ],
  [
    "a shared dict too small",
    `${sound}workers: { shared_dict: 64k }\n`,
    ["dygateway.yaml:6:25: workers.shared_dict: less than 1m cannot hold policies"],
  ],
  [
    "a mistake behind an alias, shown where it is",
    `${host}upstreams:\n  stable: &one { servers: [127.0.0.1:80], keepalive: no }\n  beta1: *one\n`,
    [
      'dygateway.yaml:5:54: upstreams.stable.keepalive: expected a number, found "no"',
      'dygateway.yaml:5:54: upstreams.beta1.keepalive: expected a number, found "no"',
    ],
  ],
];

describe("dygateway.yaml is checked", () => {
  it.each(table)("%s", (_name, text, problems) => {
    expect(problemsOf(text, { SPACED: "a b" })).toEqual(problems);
  });

  it("reports a file that cannot be read", async () => {
    const sandbox = new Sandbox();
    const run = await sandbox.run(["render", "-c", sandbox.path("absent.yaml"), "-o", sandbox.output]);
    expect(run.code).toBe(2);
    expect(run.err).toContain("absent.yaml: cannot be read: ENOENT");
  });

  it("takes secrets from the environment and from files, without the line end", () => {
    const sandbox = new Sandbox();
    writeFileSync(sandbox.path("password"), "p w\n");
    const text = `${sound}admin: { token_env: T }\nredis: { password_file: ${sandbox.path("password")} }\n`;
    const result = parseConfig("dygateway.yaml", text, { T: "t0ken" });
    expect(result.ok && result.loaded.secrets).toEqual({ adminToken: "t0ken", redisPassword: "p w" });
  });
});
