import { parseSettings } from "../../src/dygateway/core/settings.ts";
import type { Settings } from "../../src/dygateway/core/settings.ts";
import { isTrusted } from "../../src/dygateway/core/userinfo/client_address.ts";
import { contains, equal, fail } from "../support/assert.ts";

function settings(text: string): Settings {
  const parsed = parseSettings(text);
  return parsed.ok ? parsed.settings : fail(parsed.reason);
}

const refusals: readonly (readonly [text: string, words: string])[] = [
  ["", "the text ends where a value should be"],
  ["{", "expected a quoted key"],
  ["[]", "a JSON object is expected"],
  ['"x"', "a JSON object is expected"],
  ['{"reids":{}}', "reids: unknown setting; known: redis, admin"],
  ['{"redis":{"hots":"x"}}', "redis.hots: unknown setting; known: host, port"],
  ['{"admin":{"host":"x"}}', "admin.host: unknown setting; known: hosts, token"],
  ['{"redis":[]}', "redis: an object is expected"],
  ['{"redis":null}', "redis: an object is expected"],
  ['{"redis":{"host":1}}', "redis.host: a text is expected"],
  ['{"redis":{"port":"6379"}}', "redis.port: a number from 0 is expected"],
  ['{"redis":{"port":-1}}', "redis.port: a number from 0 is expected"],
  ['{"redis":{"port":6379,"port":6380}}', "the key 'port' stands twice"],
  ['{"admin":{"hosts":"localhost"}}', "admin.hosts: a list of texts is expected"],
  ['{"admin":{"hosts":["a",1]}}', "admin.hosts: a list of texts is expected"],
  ['{"admin":{"token":null}}', "admin.token: a text is expected"],
  ['{"trusted_proxies":["10.0.0.0/8","10.0.0.1/8"]}', "trusted_proxies: '10.0.0.1/8' has bits set"],
  ['{"trusted_proxies":[1]}', "trusted_proxies: a list of texts is expected"],
  ['{"divtypes":{"my_city":1}}', "divtypes.my_city: the name of a userinfo parser is expected"],
  ['{"upstreams":[]}', "upstreams: an object is expected"],
  ['{"upstreams":{"engin":"dyups"}}', "upstreams.engin: unknown setting; known: engine, conf"],
  ['{"upstreams":{"engine":"lua"}}', "upstreams.engine: balancer or dyups is expected"],
  ['{"upstreams":{"written_by":"root"}}', "upstreams.written_by: workers or operator is expected"],
  ['{"upstreams":{"engine":"dyups"}}', "upstreams.dyups_url: a URL from http:// on is expected with the engine dyups"],
  ['{"upstreams":{"resolvers":"10.0.0.2"}}', "upstreams.resolvers: a list of texts is expected"],
  ['{"snapshot_dir":false}', "snapshot_dir: a text is expected"],
];

describe("settings", () => {
  it("have a default for everything", () => {
    const { redis, admin, divtypes, snapshotDir, trustedProxies } = settings("{}");
    equal(redis, {
      host: "127.0.0.1",
      port: 6379,
      unixSocket: "",
      database: 0,
      username: "",
      password: "",
      prefix: "ab:test",
      connectTimeoutMs: 1000,
      readTimeoutMs: 2000,
    });
    equal(admin, { hosts: ["127.0.0.1", "localhost", "[::1]"], token: "", maxBodyBytes: 67108864 });
    equal([snapshotDir, Object.keys(divtypes).length], ["", 0]);
    equal([isTrusted(trustedProxies, "10.1.2.3"), isTrusted(trustedProxies, "unix:"), isTrusted(trustedProxies, "8.8.8.8")], [true, true, false]);
  });

  it("are taken as they are given", () => {
    const given = settings(
      '{"redis":{"host":"r","port":7000,"unix_socket":"/s","database":3,"username":"u","password":"p","prefix":"ab",' +
        '"connect_timeout_ms":5,"read_timeout_ms":6},"admin":{"hosts":["gw"],"token":"t","max_body_bytes":7},' +
        '"trusted_proxies":["8.8.8.8"],"divtypes":{"my_city":"my_cityParser"},"snapshot_dir":"/d"}',
    );
    equal(given.redis, {
      host: "r",
      port: 7000,
      unixSocket: "/s",
      database: 3,
      username: "u",
      password: "p",
      prefix: "ab",
      connectTimeoutMs: 5,
      readTimeoutMs: 6,
    });
    equal(given.admin, { hosts: ["gw"], token: "t", maxBodyBytes: 7 });
    equal([given.divtypes["my_city"], given.snapshotDir], ["my_cityParser", "/d"]);
    equal([isTrusted(given.trustedProxies, "8.8.8.8"), isTrusted(given.trustedProxies, "127.0.0.1")], [true, false]);
  });

  it("say nothing about dynamic upstreams where these are not set up", () => {
    equal(settings("{}").upstreams, undefined);
  });

  it("have a default for everything about dynamic upstreams", () => {
    equal(settings('{"upstreams":{}}').upstreams, {
      engine: "balancer",
      conf: "",
      writtenBy: "workers",
      keepaliveBlock: "dygateway_balancer",
      closingBlock: "dygateway_balancer_close",
      resolvers: [],
      dyupsUrl: "",
      dyupsTimeoutMs: 2000,
      dyupsLocation: "/dyups",
    });
  });

  it("of dynamic upstreams are taken as they are given", () => {
    const given = settings(
      '{"upstreams":{"engine":"dyups","conf":"/c","written_by":"operator","resolvers":["10.0.0.2"],"dyups_url":"http://a:1","dyups_timeout_ms":3,' +
        '"dyups_location":""}}',
    );
    equal(given.upstreams, {
      engine: "dyups",
      conf: "/c",
      writtenBy: "operator",
      keepaliveBlock: "dygateway_balancer",
      closingBlock: "dygateway_balancer_close",
      resolvers: ["10.0.0.2"],
      dyupsUrl: "http://a:1",
      dyupsTimeoutMs: 3,
      dyupsLocation: "",
    });
  });

  for (const [text, words] of refusals) {
    it(`are refused: ${text} (${words})`, () => {
      const parsed = parseSettings(text);
      contains(parsed.ok ? undefined : parsed.reason, words);
    });
  }

  it("tell everything that is wrong at once", () => {
    const parsed = parseSettings('{"redis":{"hots":"x","port":"y"},"snapshot":1}');
    const reason = parsed.ok ? "" : parsed.reason;
    for (const words of ["snapshot: unknown", "redis.hots: unknown", "redis.port: a number"]) {
      contains(reason, words);
    }
  });
});
