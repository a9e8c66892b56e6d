import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { Balance, HealthCheck, Server } from "./model.ts";
import { parseCheck } from "./parse_check.ts";
import { parseKey } from "./parse_key.ts";
import { parseServer } from "./parse_server.ts";
import { countExpected, parseCount, parseTime, timeExpected } from "./parse_values.ts";

/** More is a mistake: a worker holds every server of every upstream. */
export const MOST_SERVERS = 10000;
const MOST_KEEPALIVE = 100000;
const MOST_KEEPALIVE_REQUESTS = 999999999;
const LONGEST_KEY = 1000;

/** What the statements so far have said. */
export interface Draft {
  readonly servers: Server[];
  /** Every address so far. */
  readonly addresses: Lookup<boolean>;
  balance: Balance | undefined;
  connections: number | undefined;
  timeout: number | undefined;
  requests: number | undefined;
  check: HealthCheck | undefined;
  noCheck: boolean;
}

/** Takes a statement over; a reason where it cannot be taken. */
export type Take = (this: void, draft: Draft, words: readonly string[]) => string | undefined;

function takeServer(draft: Draft, words: readonly string[]): string | undefined {
  const parsed = parseServer(words);
  if (!parsed.ok) {
    return parsed.reason;
  }
  const { address } = parsed.server;
  if (draft.addresses[address] === true) {
    return `server: ${address} is a server of this upstream already`;
  }
  if (draft.servers.length === MOST_SERVERS) {
    return `server: an upstream has at most ${MOST_SERVERS} servers`;
  }
  draft.addresses[address] = true;
  draft.servers.push(parsed.server);
  return undefined;
}

function setBalance(draft: Draft, balance: Balance, isRight: boolean, form: string): string | undefined {
  if (!isRight) {
    return `'${form};' is expected`;
  }
  if (draft.balance !== undefined) {
    return "a second way to balance; one is possible";
  }
  draft.balance = balance;
  return undefined;
}

function takeHash(draft: Draft, words: readonly string[]): string | undefined {
  const key = words[1] ?? "";
  const consistent = words[2] === "consistent";
  const parsed = parseKey(key);
  if (!parsed.ok) {
    return parsed.reason;
  }
  if (key.length > LONGEST_KEY) {
    return `hash: the key is longer than ${LONGEST_KEY} characters`;
  }
  const isRight = words.length === (consistent ? 3 : 2);
  return setBalance(draft, { kind: "hash", key, consistent }, isRight, "hash KEY [consistent]");
}

function takeRandom(draft: Draft, words: readonly string[]): string | undefined {
  const two = words[1] === "two";
  const byConnections = words.length === 3 && words[2] === "least_conn";
  const isRight = words.length === 1 || (two && (words.length === 2 || byConnections));
  return setBalance(draft, { kind: "random", two }, isRight, "random [two [least_conn]]");
}

type Amount = "connections" | "timeout" | "requests";

function amount(field: Amount, read: (this: void, text: string) => number, expected: string): Take {
  return (draft, words) => {
    if (draft[field] !== undefined) {
      return `a second ${words[0]!}`;
    }
    const value = words.length === 2 ? read(words[1]!) : -1;
    draft[field] = value;
    return value < 0 ? `${words[0]!}: ${expected}` : undefined;
  };
}

/** Every directive of an upstream body. */
export const takes: Lookup<Take> = lookup();
takes["server"] = takeServer;
takes["least_conn"] = (draft, words) => setBalance(draft, { kind: "least_conn" }, words.length === 1, "least_conn");
takes["ip_hash"] = (draft, words) => setBalance(draft, { kind: "ip_hash" }, words.length === 1, "ip_hash");
takes["hash"] = takeHash;
takes["random"] = takeRandom;
takes["keepalive"] = amount("connections", (text) => parseCount(text, 0, MOST_KEEPALIVE), countExpected(0, MOST_KEEPALIVE));
takes["keepalive_timeout"] = amount("timeout", parseTime, timeExpected);
takes["keepalive_requests"] = amount(
  "requests",
  (text) => parseCount(text, 1, MOST_KEEPALIVE_REQUESTS),
  countExpected(1, MOST_KEEPALIVE_REQUESTS),
);
takes["check"] = (draft, words) => {
  const parsed = parseCheck(words);
  const isSecond = draft.check !== undefined || draft.noCheck;
  draft.check = parsed.ok ? parsed.check : undefined;
  return !parsed.ok ? parsed.reason : isSecond ? "a second check" : undefined;
};
takes["no_check"] = (draft, words) => {
  const isSecond = draft.check !== undefined || draft.noCheck;
  draft.noCheck = true;
  return isSecond ? "a second check" : words.length > 1 ? "'no_check;' is expected" : undefined;
};

export function emptyDraft(): Draft {
  return {
    servers: [],
    addresses: lookup(),
    balance: undefined,
    connections: undefined,
    timeout: undefined,
    requests: undefined,
    check: undefined,
    noCheck: false,
  };
}
