import type { Place } from "./place.ts";

/** A value worth sending, and where a request carries it. */
export interface Probe {
  readonly place: Place;
  /** As it stands in the request, one character a byte. */
  readonly value: string;
}

/** A policy in both languages: dygateway's and nginx's. */
export interface Draft {
  /** As /ab_admin takes it. */
  readonly policy: { readonly divtype: string };
  /** Directives of the http block that set `$<variable>` to the upstream, or to nothing where no rule is met. */
  readonly directives: (variable: string) => string;
  readonly probes: readonly Probe[];
}

export const upstreams = ["beta1", "beta2", "beta3", "beta4", "stable"] as const;

/** UTF-8 bytes, one character each, which is how requests are put together here. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** A regular expression for these bytes and nothing else; also nginx's own quoting finds nothing in it to change. */
export function literal(bytes: string): string {
  return Array.from(bytes).map((byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");
}

/** nginx compares the plain keys of a map without case; a regular expression says what is meant. */
export function whole(expression: string): string {
  return `"~^(?:${expression})\\z"`;
}

export function mapBlock(source: string, variable: string, entries: readonly string[], otherwise = '""'): string {
  return `map ${source} ${variable} {\ndefault ${otherwise};\n${entries.map((entry) => `${entry};\n`).join("")}}\n`;
}

/** `$result` is the first of the variables that is not empty. */
export function firstOf(variables: readonly string[], result: string): string {
  const blocks = variables.map((variable, i) => {
    const target = i === 0 ? result : `${result}_or_${i}`;
    const rest = i + 1 < variables.length ? `${result}_or_${i + 1}` : '""';
    return mapBlock(variable, target, [`"" ${rest}`], variable);
  });
  return blocks.join("");
}
