import { nginxPattern, nginxText } from "../../render/nginx_quote.ts";

/** Text in which `$` means what nginx makes of it. */
export class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** nginx text made by a helper: whole directives and blocks, already written for nginx. */
export class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Around an argument that needs its quotes. No value and no template has these characters, so afterwards it can be
 * seen whether it stands alone: in the middle of other text its quotes would be plain characters to nginx, and a `;` in
 * it the end of the directive.
 */
export const opened = "\u0001";
export const closed = "\u0002";

const bare = /^[A-Za-z0-9_.:/@+*=,%~^[\]-]+$/;
const bareExpression = /^[A-Za-z0-9_.:/@+*=,%~^[\]$-]+$/;

/** A value as nginx reads it as (part of) one argument; undefined for what is no single value. */
export function argumentOf(value: unknown): string | undefined {
  if (value instanceof Written) return value.text;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "string") return bare.test(value) ? value : quoted(nginxText(value));
  if (value instanceof Expression) return bareExpression.test(value.text) ? value.text : quoted(nginxPattern(value.text));
  return undefined;
}

/** As `argumentOf`, always in quotes. */
export function quotedArgumentOf(value: unknown): string | undefined {
  if (value instanceof Expression) return quoted(nginxPattern(value.text));
  return ["string", "number", "boolean"].includes(typeof value) ? quoted(nginxText(String(value))) : undefined;
}

/** The token may be bare by nginx' own rules; here it is always quoted. */
function quoted(token: string): string {
  return opened + (token.startsWith('"') ? token : `"${token}"`) + closed;
}
