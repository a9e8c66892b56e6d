import { shortened } from "../json/utf8.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { upstreamNameInvalid } from "./errors.ts";

/** Blocks of nginx.conf through which every dynamic upstream goes; no upstream of an operator begins like them. */
export const keepaliveBlock = "dygateway_balancer";
export const closingBlock = "dygateway_balancer_close";

const longestName = 255;
const FIRST = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
const REST = `${FIRST}.-`;

/**
 * A name that works wherever upstreams are named: in nginx's configuration, in `$backend`, where a colon would begin a
 * port, in a stored policy and in a URL.
 */
export function checkUpstreamName(name: string): Result<string> {
  if (name === "") {
    return failure(upstreamNameInvalid("a name is expected"));
  }
  if (name.length > longestName) {
    return failure(upstreamNameInvalid(`'${shortened(name, 40)}' is longer than ${longestName} characters`));
  }
  for (let i = 0; i < name.length; i++) {
    if ((i === 0 ? FIRST : REST).indexOf(name.charAt(i)) < 0) {
      const expected = "letters, digits, _ . and - are expected, the first a letter, a digit or _";
      return failure(upstreamNameInvalid(`'${shortened(name, 40)}': ${expected}`));
    }
  }
  if (isReservedName(name)) {
    return failure(upstreamNameInvalid(`'${name}': ${reservedName}`));
  }
  // No table in Node takes this key.
  return name === "__proto__" ? failure(upstreamNameInvalid(`'${name}' is reserved`)) : success(name);
}

/** Why such a name is nobody's. */
export const reservedName = `names that begin with ${keepaliveBlock} are the gateway's own`;

export function isReservedName(name: string): boolean {
  return foldedName(name).startsWith(keepaliveBlock);
}

/**
 * Names of which nginx takes only one: by each such name the one that it differs from only in case, the first in byte
 * order. The API lets no such names in; the store may be written to by hand.
 */
export function clashingNames(names: readonly string[]): Lookup<string> {
  const first: Lookup<string> = lookup();
  for (const name of names) {
    const folded = foldedName(name);
    const known = first[folded];
    first[folded] = known !== undefined && known < name ? known : name;
  }
  const clashing: Lookup<string> = lookup();
  for (const name of names) {
    const known = first[foldedName(name)]!;
    if (known !== name) {
      clashing[name] = known;
    }
  }
  return clashing;
}

/** What two names have in common that nginx takes for one: it does not tell capitals from small letters. */
export function foldedName(name: string): string {
  return name.toLowerCase();
}
