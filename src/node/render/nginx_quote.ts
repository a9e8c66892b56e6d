/**
 * Values for nginx' configuration language. A token is text that nginx reads as exactly one argument of a directive,
 * whatever the value holds; templates print tokens only, which the type enforces.
 *
 * nginx (ngx_conf_read_token) ends an unquoted argument at space, `;` or `{`, and takes `#`, `'`, `"` at its start for
 * more. In a quoted argument only the quote and the backslash are special. Variables are a matter of the directive,
 * not of the language, and cannot be escaped: they are refused unless the value is meant to have them.
 */
export type NginxToken = string & { readonly nginxToken: unique symbol };

/** nginx reads a file in pieces of 4096 bytes and refuses a longer argument. */
const longestToken = 4000;

export class UnquotableValue extends Error {
  constructor(value: string, reason: string) {
    super(`cannot be written to a configuration file: ${JSON.stringify(value)} ${reason}`);
    this.name = "UnquotableValue";
  }
}

/** A value without variables. Throws on what the schema must have refused: `$`, control characters. */
export function nginxText(value: string): NginxToken {
  if (value.includes("$")) throw new UnquotableValue(value, "holds a $, which nginx takes for a variable");
  return nginxPattern(value);
}

/** A value in which `$` means what nginx makes of it: regular expressions, and hostkeys with their two variables. */
export function nginxPattern(value: string): NginxToken {
  if (/[\p{Cc}\p{Cs}]/u.test(value)) throw new UnquotableValue(value, "holds a control character");
  if (Buffer.byteLength(value) > longestToken) throw new UnquotableValue(value, "is too long for nginx");
  if (/^[A-Za-z0-9_.:/@+*=,%~^[\]-]+$/.test(value)) return value as NginxToken;
  return `"${value.replace(/["\\]/g, "\\$&")}"` as NginxToken;
}

/** As `nginxText`, always in quotes: where quotes are the custom of the directive. */
export function nginxQuoted(value: string): NginxToken {
  const token = nginxText(value);
  return token.startsWith('"') ? token : (`"${token}"` as NginxToken);
}

const hostkeyVariable = /\$\{(?:server_name|host)\}|\$(?:server_name|host)(?![A-Za-z0-9_])/g;

/** A hostkey: only `$server_name` and `$host` are variables. */
export function nginxHostkey(value: string): NginxToken {
  nginxText(value.replace(hostkeyVariable, ""));
  const token = nginxPattern(value);
  return (token.startsWith('"') ? token : `"${token}"`) as NginxToken;
}

export const nginxNumber = (value: number): NginxToken => String(value) as NginxToken;
