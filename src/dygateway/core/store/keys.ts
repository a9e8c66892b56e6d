import { levelNames } from "../runtime/levels.ts";

/** The fields of a stored level, in the order in which they are read. */
export const levelFields = ["divModulename", "divDataKey", "userInfoModulename"] as const;

/** Every key of one dygateway in Redis, by the layout of the deployed system; what it does not know is marked new. */
export interface Keys {
  readonly prefix: string;
  readonly policyIdCount: string;
  readonly groupIdCount: string;
  /** New: the number of the last change. */
  readonly revision: string;
  /** New: a stream, one entry a change, `<revision>-0` its id. */
  readonly audit: string;
  /** New: the channel on which revisions are announced. */
  readonly channel: string;
  /** New: hashes from name to id. */
  readonly policyNames: string;
  readonly groupNames: string;
  /** New: a hash from an upstream's name to its body, or to `removed;` where a node's own definition is not to count. */
  readonly upstreams: string;
  /** Where a large policy is put together before one RENAME puts it in place. */
  readonly staging: (this: void, nonce: string) => string;
  readonly divtype: (this: void, policyId: string) => string;
  readonly divdata: (this: void, policyId: string) => string;
  /** New: the IPv6 ranges of an `iprange` policy. */
  readonly divdataIpv6: (this: void, policyId: string) => string;
  /** New: a hash of name, userinfo, salt. */
  readonly policyMeta: (this: void, policyId: string) => string;
  readonly group: (this: void, groupId: string) => string;
  /** New: a hash of name. */
  readonly groupMeta: (this: void, groupId: string) => string;
  readonly divsteps: (this: void, hostname: string) => string;
  /** @param level from 0. */
  readonly level: (this: void, hostname: string, level: number, levelField: string) => string;
  /** divsteps, then the three fields of each level: of all ten, or of the first `levels`. */
  readonly runtime: (this: void, hostname: string, levels?: number) => string[];
  /** The hostname whose runtime a key is part of, or undefined. */
  readonly hostnameOf: (this: void, key: string) => string | undefined;
  /** The id of the policy that a key is part of, or undefined. */
  readonly policyIdOf: (this: void, key: string) => string | undefined;
}

const DIVSTEPS = ":divsteps";

/** Of a hostname and what stands behind it: longer than any that a location could mean, so it is nobody's runtime. */
const MAX_RUNTIME_KEY_LENGTH = 1024;

export const DEFAULT_PREFIX = "ab:test";

/** Characters that SCAN's patterns give a meaning of their own. */
const GLOB_CHARACTERS = "*?[]\\";

/** A pattern that matches `text` itself and nothing else. */
export function globLiteral(text: string): string {
  let pattern = "";
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    pattern += GLOB_CHARACTERS.indexOf(character) >= 0 ? `\\${character}` : character;
  }
  return pattern;
}

function endsWith(text: string, ending: string): boolean {
  return text.length > ending.length && text.slice(text.length - ending.length) === ending;
}

export function storeKeys(prefix: string): Keys {
  const policies = `${prefix}:policies`;
  const groups = `${prefix}:policygroups`;
  const runtimes = `${prefix}:runtimeInfo`;

  const level = (hostname: string, number: number, levelField: string): string =>
    `${runtimes}:${hostname}:${levelNames[number]}:${levelField}`;

  function runtime(hostname: string, levels = levelNames.length): string[] {
    const keys = [`${runtimes}:${hostname}${DIVSTEPS}`];
    for (let number = 0; number < levels; number++) {
      for (const levelField of levelFields) {
        keys.push(level(hostname, number, levelField));
      }
    }
    return keys;
  }

  function hostnameOf(key: string): string | undefined {
    const head = `${runtimes}:`;
    if (key.slice(0, head.length) !== head || key.length > head.length + MAX_RUNTIME_KEY_LENGTH) {
      return undefined;
    }
    if (endsWith(key, DIVSTEPS)) {
      return key.slice(head.length, key.length - DIVSTEPS.length);
    }
    for (const name of levelNames) {
      for (const levelField of levelFields) {
        const ending = `:${name}:${levelField}`;
        if (endsWith(key, ending)) {
          return key.slice(head.length, key.length - ending.length);
        }
      }
    }
    return undefined;
  }

  function policyIdOf(key: string): string | undefined {
    const head = `${policies}:`;
    if (key.slice(0, head.length) !== head) {
      return undefined;
    }
    const colon = key.indexOf(":", head.length);
    return colon < 0 ? undefined : key.slice(head.length, colon);
  }

  return {
    prefix,
    policyIdCount: `${policies}:idCount`,
    groupIdCount: `${groups}:idCount`,
    revision: `${prefix}:revision`,
    audit: `${prefix}:audit`,
    channel: `${prefix}:changes`,
    policyNames: `${policies}:names`,
    groupNames: `${groups}:names`,
    upstreams: `${prefix}:upstreams`,
    staging: (nonce) => `${prefix}:staging:${nonce}`,
    divtype: (policyId) => `${policies}:${policyId}:divtype`,
    divdata: (policyId) => `${policies}:${policyId}:divdata`,
    divdataIpv6: (policyId) => `${policies}:${policyId}:divdata_ipv6`,
    policyMeta: (policyId) => `${policies}:${policyId}:meta`,
    group: (groupId) => `${groups}:${groupId}`,
    groupMeta: (groupId) => `${groups}:${groupId}:meta`,
    divsteps: (hostname) => `${runtimes}:${hostname}${DIVSTEPS}`,
    level: (hostname, number, levelField) => level(hostname, number, levelField),
    runtime: (hostname, levels) => runtime(hostname, levels),
    hostnameOf: (key) => hostnameOf(key),
    policyIdOf: (key) => policyIdOf(key),
  };
}
