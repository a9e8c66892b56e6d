import { parseJson } from "./json/parse.ts";
import { field, isArray, isObject } from "./json/value.ts";
import type { JsonObject, JsonValue } from "./json/value.ts";
import { lookup } from "./lookup.ts";
import type { Lookup } from "./lookup.ts";
import { noPause } from "./result.ts";
import { DEFAULT_PREFIX } from "./store/keys.ts";
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

/** What the gateway reads when nginx starts: the file that `dygateway render` writes as dygateway.json. */
export interface Settings {
  readonly redis: RedisSettings;
  readonly admin: AdminSettings;
  readonly trustedProxies: TrustedProxies;
  /** Third-party divtypes to their userinfo parsers. */
  readonly divtypes: Lookup<string>;
  /** Where the last good state is kept; "" for nowhere. */
  readonly snapshotDir: string;
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

/** @param text the JSON text of dygateway.json. */
export function parseSettings(text: string): ParsedSettings {
  const parsed = parseJson(text, noPause);
  if (!parsed.ok || !isObject(parsed.value)) {
    return { ok: false, reason: parsed.ok ? "a JSON object is expected" : parsed.reason };
  }
  const problems: string[] = [];
  const top = reader(parsed.value, "", ["redis", "admin", "trusted_proxies", "divtypes", "snapshot_dir"], problems);
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
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, reason: problems.join("; ") };
}
