import { textSet } from "../lookup.ts";
import { parseKey } from "./parse_key.ts";

/**
 * Variables that every nginx has, however it was built and whatever its configuration defines. nginx does not start with
 * a name it does not know, so that one of a `map` of somebody's own must not get into a file meant for any nginx.
 */
const everywhere = textSet([
  ["args", "binary_remote_addr", "connection", "connection_requests", "content_length", "content_type", "document_root"],
  ["document_uri", "host", "hostname", "https", "is_args", "limit_rate", "msec", "nginx_version", "pid", "pipe"],
  ["proxy_protocol_addr", "proxy_protocol_port", "query_string", "realpath_root", "remote_addr", "remote_port"],
  ["remote_user", "request", "request_filename", "request_id", "request_length", "request_method", "request_time"],
  ["request_uri", "scheme", "server_addr", "server_name", "server_port", "server_protocol", "status", "time_iso8601"],
  ["time_local", "uri"],
]);

/** With any name behind them, these are variables too. */
const families: readonly string[] = ["arg_", "cookie_", "http_"];

function isEverywhere(variable: string): boolean {
  const name = variable.toLowerCase();
  return everywhere[name] === true || families.some((family) => name.startsWith(family) && name.length > family.length);
}

/** Whether any nginx can compute a hash key. */
export function isPlainKey(key: string): boolean {
  const parsed = parseKey(key);
  return parsed.ok && parsed.parts.every((part) => !part.variable || isEverywhere(part.text));
}
