import type { HelperDelegate } from "handlebars";
import { notAnArgument, upstreamUnknown, valueNotSet } from "../problems.ts";
import { argumentOf, Expression, quotedArgumentOf, Written } from "./arguments.ts";
import type { HelperName } from "./helper_names.ts";
import type { Listens } from "./listen.ts";

/** What the helpers of a template ask. */
export interface HelperSite {
  readonly listens: Listens;
  /** The block of a live upstream, or undefined. */
  readonly upstreamBlock: (name: string) => string | undefined;
  /** In order. */
  readonly upstreamNames: readonly string[];
}

/** A refusal with the template's line, as Handlebars' own errors have it. */
class AtLine extends Error {
  readonly lineNumber: number;

  constructor(line: number, message: string) {
    super(message);
    this.lineNumber = line;
  }
}

const plain = (value: unknown): unknown => (value instanceof Expression ? value.text : value);

/** Every helper of a template but Handlebars' `if`, `unless`, `each`, `with`. Their last parameter is Handlebars' own. */
export function helpersFor({ listens, upstreamBlock, upstreamNames }: HelperSite): Record<HelperName, HelperDelegate> {
  const block = (name: unknown): Written => {
    const text = upstreamBlock(String(name));
    if (text === undefined) throw new Error(upstreamUnknown(String(name)));
    return new Written(text);
  };
  return {
    /** What `{{value}}` becomes. */
    argument: (value: unknown, name: string, line: number): string => {
      try {
        if (value === null || value === undefined) throw new Error(valueNotSet(name));
        const text = argumentOf(value);
        if (text === undefined) throw new Error(notAnArgument(name));
        return text;
      } catch (error) {
        throw new AtLine(line, error instanceof Error ? error.message : String(error));
      }
    },
    words: (list: unknown): Written => {
      if (!Array.isArray(list)) throw new Error("words takes a list");
      return new Written(list.map((item) => argumentOf(item) ?? "").join(" "));
    },
    quoted: (value: unknown): Written => {
      const text = quotedArgumentOf(value);
      if (text === undefined) throw new Error("quoted takes one value that is set");
      return new Written(text);
    },
    listen: (address: unknown): Written => new Written(listens.addressOf(address as string | number)),
    upstream: block,
    upstreams: (): Written => new Written(upstreamNames.map((name) => block(name).text).join("\n")),
    eq: (a: unknown, b: unknown): boolean => plain(a) === plain(b),
    not: (value: unknown): boolean => value === false || value === null || value === undefined,
    has: (list: unknown, item: unknown): boolean => Array.isArray(list) && list.map(plain).includes(plain(item)),
  };
}
