import { parseJson } from "./json/parse.ts";
import { field, isArray, isObject } from "./json/value.ts";
import type { JsonObject, JsonValue } from "./json/value.ts";
import { lookup } from "./lookup.ts";
import type { Lookup } from "./lookup.ts";
import { noPause } from "./result.ts";
import { DEFAULT_PREFIX } from "./store/keys.ts";
import { closingBlock, keepaliveBlock } from "./upstream/name.ts";
import { defaultTrustedProxies, parseTrustedProxies } from "./userinfo/client_address.ts";
import type { TrustedProxies } from "./userinfo/client_address.ts";

export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket; "" for TCP. */
  readonly unixSocket: string;
  readonly database: number;
  readonly username: string;
  readonly password: string;
  readonly prefix: string;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
}

export interface AdminSettings {
  /** Names that the Host header of an admin request may have, without port. */
  readonly hosts: readonly string[];
  /** "" for none. */
  readonly token: string;
  readonly maxBodyBytes: number;
}

/** Who serves upstreams that change at run time: the gateway's own balancer, or a gateway with the dyups C module. */
export type UpstreamEngine = "balancer" | "dyups";

/** Who rewrites upstream.conf: the gateway's own processes, or `dygateway upstream write`, which an operator runs. */
export type ConfWriterKind = "workers" | "operator";

export interface UpstreamSettings {
  readonly engine: UpstreamEngine;
  /** Path of the upstream.conf that every accepted change rewrites, or a link to it; "" for none. */
  readonly conf: string;
  readonly writtenBy: ConfWriterKind;
  /** Blocks of nginx.conf that dynamic upstreams go through: with idle connections kept, and without. */
  readonly keepaliveBlock: string;
  readonly closingBlock: string;
  /** Addresses of DNS servers, with their ports if these are not 53; none: those of /etc/resolv.conf. */
  readonly resolvers: readonly string[];
  /** Where the gateway with the module is driven: http://127.0.0.1:8081; "" with the engine `balancer`. */
  readonly dyupsUrl: string;
  readonly dyupsTimeoutMs: number;
  /** What the paths of this node's own dyups interface begin with: "/dyups", or "" for none of it before them. */
  readonly dyupsLocation: string;
}

/** What the gateway reads when nginx starts: the file that `dygateway render` writes as dygateway.json. */
export interface Settings {
  readonly redis: RedisSettings;
  readonly admin: AdminSettings;
  readonly trustedProxies: TrustedProxies;
  /** Third-party divtypes to their userinfo parsers. */
  readonly divtypes: Lookup<string>;
  /** Where the last good state is kept; "" for nowhere. */
  readonly snapshotDir: string;
  /** Undefined: not set up, so that every upstream is one of nginx's own. */
  readonly upstreams: UpstreamSettings | undefined;
}

export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly reason: string };

/** Reads the fields of one object and keeps the first thing that is wrong with any of them. */
interface Reader {
  readonly text: (this: void, name: string, otherwise: string) => string;
  readonly number: (this: void, name: string, otherwise: number) => number;
  readonly texts: (this: void, name: string, otherwise: readonly string[]) => readonly string[];
  readonly object: (this: void, name: string) => JsonObject;
}

const emptyObject: JsonObject = { kind: "object", keys: [], values: [] };

function reader(object: JsonObject, place: string, known: readonly string[], problems: string[]): Reader {
  for (const key of object.keys) {
    if (!known.includes(key)) {
      problems.push(`${place}${key}: unknown setting; known: ${known.join(", ")}`);
    }
  }
  function get<T>(name: string, otherwise: T, isRight: (this: void, value: JsonValue) => boolean, expected: string): T {
    const value = field(object, name);
    if (value === undefined) {
      return otherwise;
    }
    if (!isRight(value)) {
      problems.push(`${place}${name}: ${expected} is expected`);
      return otherwise;
    }
    return value as T;
  }
  return {
    text: (name, otherwise) => get(name, otherwise, (value) => typeof value === "string", "a text"),
    number: (name, otherwise) =>
      get(name, otherwise, (value) => typeof value === "number" && value >= 0, "a number from 0"),
    texts: (name, otherwise) =>
      get(
        name,
        otherwise,
        (value) => isArray(value) && value.every((item) => typeof item === "string"),
        "a list of texts",
      ),
    object: (name) => get(name, emptyObject, isObject, "an object"),
  };
}

function readDivtypes(object: JsonObject, problems: string[]): Lookup<string> {
  const divtypes: Lookup<string> = lookup();
  for (let i = 0; i < object.keys.length; i++) {
    const parser = object.values[i];
    if (typeof parser === "string") {
      divtypes[object.keys[i]!] = parser;
    } else {
      problems.push(`divtypes.${object.keys[i]!}: the name of a userinfo parser is expected`);
    }
  }
  return divtypes;
}

const REDIS_FIELDS = [
  "host",
  "port",
  "unix_socket",
  "database",
  "username",
  "password",
  "prefix",
  "connect_timeout_ms",
  "read_timeout_ms",
];

const UPSTREAM_FIELDS = ["engine", "conf", "written_by", "resolvers", "dyups_url", "dyups_timeout_ms", "dyups_location"];

function readUpstreams(object: JsonObject, problems: string[]): UpstreamSettings {
  const upstreams = reader(object, "upstreams.", UPSTREAM_FIELDS, problems);
  const engine = upstreams.text("engine", "balancer");
  const writtenBy = upstreams.text("written_by", "workers");
  const dyupsUrl = upstreams.text("dyups_url", "");
  if (writtenBy !== "workers" && writtenBy !== "operator") {
    problems.push("upstreams.written_by: workers or operator is expected");
  }
  if (engine !== "balancer" && engine !== "dyups") {
    problems.push("upstreams.engine: balancer or dyups is expected");
  }
  if (engine === "dyups" && !dyupsUrl.startsWith("http://")) {
    problems.push("upstreams.dyups_url: a URL from http:// on is expected with the engine dyups");
  }
  return {
    engine: engine === "dyups" ? "dyups" : "balancer",
    conf: upstreams.text("conf", ""),
    writtenBy: writtenBy === "operator" ? "operator" : "workers",
    keepaliveBlock,
    closingBlock,
    resolvers: upstreams.texts("resolvers", []),
    dyupsUrl,
    dyupsTimeoutMs: upstreams.number("dyups_timeout_ms", 2000),
    dyupsLocation: upstreams.text("dyups_location", "/dyups"),
  };
}

const TOP_FIELDS = ["redis", "admin", "trusted_proxies", "divtypes", "snapshot_dir", "upstreams"];

/** @param text the JSON text of dygateway.json. */
export function parseSettings(text: string): ParsedSettings {
  const parsed = parseJson(text, noPause);
  if (!parsed.ok || !isObject(parsed.value)) {
    return { ok: false, reason: parsed.ok ? "a JSON object is expected" : parsed.reason };
  }
  const problems: string[] = [];
  const top = reader(parsed.value, "", TOP_FIELDS, problems);
  const redis = reader(top.object("redis"), "redis.", REDIS_FIELDS, problems);
  const admin = reader(top.object("admin"), "admin.", ["hosts", "token", "max_body_bytes"], problems);
  const trusted = parseTrustedProxies(top.texts("trusted_proxies", defaultTrustedProxies));
  if (!trusted.ok) {
    problems.push(`trusted_proxies: ${trusted.reason}`);
  }
  const settings: Settings = {
    redis: {
      host: redis.text("host", "127.0.0.1"),
      port: redis.number("port", 6379),
      unixSocket: redis.text("unix_socket", ""),
      database: redis.number("database", 0),
      username: redis.text("username", ""),
      password: redis.text("password", ""),
      prefix: redis.text("prefix", DEFAULT_PREFIX),
      connectTimeoutMs: redis.number("connect_timeout_ms", 1000),
      readTimeoutMs: redis.number("read_timeout_ms", 2000),
    },
    admin: {
      hosts: admin.texts("hosts", ["127.0.0.1", "localhost", "[::1]"]),
      token: admin.text("token", ""),
      maxBodyBytes: admin.number("max_body_bytes", 67108864),
    },
    trustedProxies: trusted.ok ? trusted.trusted : { ranges: [], unixSockets: false },
    divtypes: readDivtypes(top.object("divtypes"), problems),
    snapshotDir: top.text("snapshot_dir", ""),
    upstreams: field(parsed.value, "upstreams") === undefined ? undefined : readUpstreams(top.object("upstreams"), problems),
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, reason: problems.join("; ") };
}
