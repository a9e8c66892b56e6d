import { z } from "zod";
import { parseKey } from "../../dygateway/core/upstream/parse_key.ts";
import { isListenAddress, isResolverAddress, isServerAddress } from "./address.ts";
import { isNetwork } from "./network.ts";
import { isByteSize, isSeconds, isTime } from "./units.ts";

/**
 * The smallest values of the configuration. Each type is a whitelist: what could never be meant (control characters,
 * nginx variables in a path) is refused here, and the quoting of `node/render` makes inert whatever passes.
 */

type Issue = { readonly input?: unknown };

const notA = (what: string) => (issue: Issue) => `${JSON.stringify(issue.input)} is not ${what}`;

const matching = (pattern: RegExp, what: string): z.ZodString =>
  z.string().max(1000).regex(pattern, { error: notA(what) });

/** For checks that a pattern cannot hold: editors see a plain text, `render` sees the check. */
const checked = (test: (value: string) => boolean, what: string): z.ZodString =>
  z.string().max(1000).refine(test, { error: notA(what) });

/** `;` and `?` have a meaning in `lua_package_path`, `*`, `?`, `[`, `]` in `include`, `$` nearly everywhere. */
export const absolutePathPattern = /^\/[^\p{C}\p{Zl}\p{Zp}$;*?[\]]*$/u;
export const absolutePath = matching(absolutePathPattern, "an absolute path (without $ ; * ? [ ] or control characters)");

/** Files of the operator's own that nginx includes; `*` stands for several. */
export const includePattern = matching(
  /^\/[^\p{C}\p{Zl}\p{Zp}$;]*$/u,
  "an absolute path to nginx files (`*` allowed; no $ ; or control characters)",
);

export const upstreamName = matching(
  /^(?!__proto__$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/,
  "an upstream name (letters, digits, _ . - ; nginx takes what follows a colon for a port)",
);

export const listenerName = matching(/^(?!__proto__$)[A-Za-z0-9_-]{1,64}$/, "a listener name (letters, digits, _ -)");

export const hostFileName = matching(
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/,
  "a name for vhosts/<name>.conf (letters, digits, _ . -)",
);

const label = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})";
const plainName = `(?:\\*\\.|\\.)?${label}(?:\\.${label})*(?:\\.\\*)?`;
/** A regular expression must not name its captures: nginx makes variables of them, `$backend` too. */
const unnamedRegex = "(?!.*\\(\\?(?:P?<(?![=!])|'))[^\\p{C}\\p{Zl}\\p{Zp}]+";

export const serverName = matching(
  new RegExp(`^(?:${plainName}|~${unnamedRegex})$`, "u"),
  "a server name (name.example.com, *.example.com, or ~regex without named captures; international names in punycode)",
);

export const locationPath = matching(
  new RegExp(`^${unnamedRegex}$`, "u"),
  "a location path (no control characters, no named captures in a regex)",
);

/** Literal text and the two variables that name the virtual host; nothing else of nginx. */
export const hostkey = matching(
  /^(?:[A-Za-z0-9_.:*-]|\$\{(?:server_name|host)\}|\$(?:server_name|host)(?![A-Za-z0-9_])){1,255}$/,
  "a hostkey (letters, digits, . : _ * - and the nginx variables $server_name and $host; " +
    "write ${server_name}abc where letters follow)",
);

/** Lua takes it for part of a module name. */
export const luaName = matching(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,63}$/, "a Lua module name (letters, digits, _)");

export const userName = matching(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, "a system user name");

export const envName = matching(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable");

export const headerHost = matching(
  /^(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])$/,
  "a host name or address as it stands in a Host header (without a port; IPv6 in brackets)",
);

export const redisHost = matching(/^[A-Za-z0-9_.:-]{1,253}$/, "a host name or address (without a port or brackets)");
export const redisPrefix = matching(/^[!-~]{1,128}$/, "a key prefix (printable ASCII without spaces)");
export const redisUser = matching(/^[^\p{C}\p{Z}]{1,128}$/u, "a Redis ACL user name (no spaces)");

/** Never shown in a message. */
const secret = (pattern: RegExp, what: string): z.ZodString =>
  z.string().max(1000).regex(pattern, { error: () => `is not ${what} (the value is not shown)` });

export const redisPassword = secret(/^[^\p{Cc}\p{Cs}]+$/u, "a password (some text without control characters)");
export const adminToken = secret(/^[!-~]+$/, "a token (printable ASCII without spaces, as an HTTP header carries it)");

export const network = checked(isNetwork, "an address, a network (10.0.0.0/8, fc00::/7) or unix:");

export const serverAddress = checked(isServerAddress, "a server address (host, host:port, [IPv6]:port or unix:/path)");

export const hashKey = checked(
  (key) => parseKey(key).ok && /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(key),
  "a hash key (text with nginx variables, as $remote_addr or ${arg_id}-$uri)",
);

export const resolverAddress = checked(isResolverAddress, "the address of a DNS server (10.0.0.2, 10.0.0.2:53, [fd00::2]:53)");

export const httpUrl = matching(
  /^http:\/\/(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(?:\/[A-Za-z0-9_.\/-]*)?$/,
  "an http URL (http://host:port, with a path if it has one)",
);

export const dyupsLocation = matching(
  /^(?:\/|(?:\/[A-Za-z0-9_.-]{1,64}){1,8})$/,
  "a path (letters, digits, _ . - between slashes; no slash at its end)",
);

export const portNumber = z.int().min(1).max(65535);

export const listenAddress = z.union([
  portNumber,
  checked(isListenAddress, "a listen address (port, host:port, *:port, [IPv6]:port or unix:/path)"),
]);

export const byteSize = z.union([z.int().min(0), checked(isByteSize, "a size (a number and k, m or g: 64m)")]);
export const seconds = z.union([z.int().min(0), checked(isSeconds, "a time (a number and s, m, h or d: 10s)")]);
export const time = z.union([z.int().min(0), checked(isTime, "a time (a number and ms, s, m, h or d: 500ms, 60s)")]);
