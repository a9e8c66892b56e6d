import { pathText, type ConfigPath, type Problem } from "./problem.ts";

/** Every message about dygateway.yaml that the schema's own types do not word; one named factory each. */

const atKey = (path: ConfigPath, text: string): Problem => ({ path, at: "key", text });
const atValue = (path: ConfigPath, text: string): Problem => ({ path, at: "value", text });

const hintOf = (suggestion: string | null): string => (suggestion === null ? "" : `; did you mean "${suggestion}"?`);

export const unknownKey = (path: ConfigPath, key: string, hint: string): Problem =>
  atKey([...path, key], `unknown key "${key}"; ${hint}`);

export const keyMissing = (path: ConfigPath): Problem => atKey(path, "is missing");

export const badKey = (path: ConfigPath, reason: string): Problem => atKey(path, reason);

export const wrongType = (path: ConfigPath, expected: string, found: string): Problem =>
  atValue(path, `expected ${expected}, found ${found}`);

export const notOneOf = (path: ConfigPath, value: string, choices: readonly string[], like: string | null): Problem =>
  atValue(path, `${value} is not one of ${choices.join(", ")}${hintOf(like)}`);

export const outOfBounds = (path: ConfigPath, bound: string): Problem => atValue(path, bound);

export const badValue = (path: ConfigPath, reason: string): Problem => atValue(path, reason);

export const upstreamUnknown = (path: ConfigPath, name: string, known: readonly string[], like: string | null): Problem =>
  atValue(path, `there is no upstream "${name}"${like === null ? `; known: ${known.join(", ")}` : hintOf(like)}`);

export const upstreamMissing = (path: ConfigPath): Problem =>
  atKey(path, "default_upstream is missing; set it here or for the whole host");

export const upstreamTwice = (path: ConfigPath, first: string): Problem =>
  atKey(path, `the same upstream as "${first}": nginx does not tell capitals from small letters`);

export const onlyBackups = (path: ConfigPath): Problem =>
  atValue(path, "every server is a backup; at least one must not be");

export const serverTwice = (path: ConfigPath, address: string): Problem =>
  atValue(path, `${address} is already a server of this upstream`);

export const backupWithBalance = (path: ConfigPath, balance: string): Problem =>
  atValue(path, `a backup server is not possible with balance: ${balance}`);

export const listenerUnknown = (path: ConfigPath, name: string, known: readonly string[], like: string | null): Problem =>
  atValue(path, `there is no listener "${name}"${like === null ? `; known: ${known.join(", ")}` : hintOf(like)}`);

export const listenTwice = (path: ConfigPath, address: string, first: ConfigPath): Problem =>
  atValue(path, `${address} is already taken by ${pathText(first)}`);

export const http2WithoutTls = (path: ConfigPath): Problem => atValue(path, "http2 needs tls: true beside it");

export const tlsMissing = (path: ConfigPath, listener: string): Problem =>
  atKey(path, `listener "${listener}" speaks TLS, so this host needs tls with a certificate`);

export const tlsUnused = (path: ConfigPath): Problem =>
  atKey(path, "none of this host's listeners has tls: true, so the certificate would not be used");

export const serverNameTwice = (path: ConfigPath, name: string, listener: string, first: ConfigPath): Problem =>
  atValue(path, `"${name}" is already served on listener "${listener}" by ${pathText(first)}`);

export const fileNameTwice = (path: ConfigPath, file: string, first: ConfigPath): Problem =>
  atKey(path, `would be written to ${file} like ${pathText(first)}; give one of them a name of its own`);

export const defaultServerTwice = (path: ConfigPath, listener: string, first: ConfigPath): Problem =>
  atValue(path, `listener "${listener}" has a default_server already: ${pathText(first)}`);

export const locationTwice = (path: ConfigPath, first: ConfigPath): Problem =>
  atValue(path, `the same location as ${pathText(first)}`);

export const locationNotPath = (path: ConfigPath, value: string): Problem =>
  atValue(path, `${JSON.stringify(value)} must begin with / (for a regular expression set match: "~" or "~*")`);

export const hostkeyNeeded = (path: ConfigPath, name: string): Problem =>
  atKey(path, `"${name}" is not a plain name, so it cannot be the hostkey: set hostkey`);

export const notTogether = (path: ConfigPath, other: string): Problem => atKey(path, `cannot be set beside ${other}`);

export const environmentEmpty = (path: ConfigPath, name: string): Problem =>
  atValue(path, `the environment variable ${name} is not set or empty`);

export const secretUnreadable = (path: ConfigPath, file: string, reason: string): Problem =>
  atValue(path, `cannot read ${file}: ${reason}`);

export const secretUnusable = (path: ConfigPath, source: string, reason: string): Problem =>
  atValue(path, `what ${source} holds ${reason}`);

export const adminExposed = (path: ConfigPath, address: string): Problem =>
  atValue(
    path,
    `${address} is reachable from other machines and there is no token: ` +
      "set admin.token_file (or token, token_env), or listen on 127.0.0.1",
  );

export const databaseTooHigh = (path: ConfigPath, databases: number): Problem =>
  atValue(path, `redis.server.databases is ${databases}, so the last one is ${databases - 1}`);

export const divtypeBuiltIn = (path: ConfigPath): Problem =>
  atKey(path, "is a diversion type of dygateway itself; give yours another name");

export const sharedDictTooSmall = (path: ConfigPath): Problem => atValue(path, "less than 1m cannot hold policies");

export const dyupsMissing = (path: ConfigPath): Problem =>
  atValue(path, "dyups needs the gateway with the module: set dynamic_upstreams.dyups.url");

export const dyupsUnused = (path: ConfigPath): Problem => atKey(path, "is used with engine: dyups only");

export const locationTaken = (path: ConfigPath, location: string): Problem =>
  atValue(path, `${location} is another interface's`);
