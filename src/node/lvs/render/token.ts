import { isOspfKeyText } from "../inventory/ospf_key.ts";

/**
 * A value as it may stand in keepalived's and FRR's files and in scripts: the inventory's alphabets are stricter, and
 * what is written here is checked once more, because none of these languages has quoting that holds in all of its
 * versions. No space, quote, brace, `$`, `;`, `!`, `#`, no control characters.
 */
export type Token = string & { readonly lvsToken: unique symbol };

export class UnwritableValue extends Error {
  constructor(what: string, value: string) {
    super(`${what} cannot be written to a configuration file: ${JSON.stringify(value)}`);
    this.name = "UnwritableValue";
  }
}

function matching(pattern: RegExp, what: string): (value: string) => Token {
  return (value) => {
    if (pattern.test(value)) return value as Token;
    throw new UnwritableValue(what, value);
  };
}

export const addressToken = matching(/^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/, "an address");
export const addressRangeToken = matching(/^[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:-[0-9]{1,3})?$/, "an address range");
export const networkToken = matching(/^[0-9]{1,3}(?:\.[0-9]{1,3}){3}\/[0-9]{1,2}$/, "a network");
export const nameToken = matching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$/, "a name");
export const deviceToken = matching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, "a device");
export const keywordToken = matching(/^[A-Za-z]{2,8}$/, "a keyword");
export const urlPathToken = matching(/^\/[A-Za-z0-9._~/%?=&+:@,-]{0,254}$/, "a path");
export const digestToken = matching(/^[0-9a-f]{32}$/, "a digest");
/** Folders on a load balancer; keepalived's scripts and `sh` take them as one word. */
export const folderToken = matching(/^(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/, "a folder");

/** Longer keys are cut off by OSPF daemons without a word. The message does not show it. */
export function ospfKeyToken(key: string): Token {
  if (key.length <= 16 && isOspfKeyText(key)) return key as Token;
  throw new UnwritableValue("the OSPF key (1 to 16 characters, no space, quote, \\ | ? # !)", "…");
}

export function numberToken(value: number): Token {
  if (Number.isSafeInteger(value) && value >= 0) return String(value) as Token;
  throw new UnwritableValue("a number", String(value));
}
