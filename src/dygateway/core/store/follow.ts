import { storeRefused } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { counterReply, isError, listReply, textReply } from "./command.ts";
import type { Reply, StoreWork } from "./command.ts";
import type { Keys } from "./keys.ts";

/** How far a node has followed the store. */
export interface Position {
  readonly revision: number;
  /** The nonce of the change with that revision; "" where the node has seen none. */
  readonly nonce: string;
  /** The last policy id handed out; it only ever grows, also under the predecessor. */
  readonly policyIdCount: number;
}

export const startPosition: Position = { revision: 0, nonce: "", policyIdCount: -1 };

/** What changes have touched. */
export interface Touched {
  readonly hostnames: readonly string[];
  readonly policyIds: readonly string[];
  /** Names of upstreams. */
  readonly upstreams: readonly string[];
}

export type Following =
  | { readonly kind: "current" }
  /** Only what these changes touched needs to be read. */
  | ({ readonly kind: "changes" } & Touched)
  /** There is a gap that the audit stream does not fill: everything needs to be read. */
  | { readonly kind: "reload" }
  /** The store has lost changes that this node has; nothing may be taken from it without an operator's word. */
  | { readonly kind: "lost"; readonly reason: string };

export interface Followed {
  readonly position: Position;
  readonly following: Following;
}

interface Entry extends Touched {
  readonly revision: number;
  readonly nonce: string;
}

function lines(text: string): string[] {
  return text === "" ? [] : text.split("\n");
}

function decodeEntry(reply: Reply | undefined): Entry {
  const [id, fields] = listReply(reply);
  const text = textReply(id) ?? "";
  let nonce = "";
  let hostnames: string[] = [];
  let policyIds: string[] = [];
  let upstreams: string[] = [];
  const items = listReply(fields);
  for (let i = 0; i + 1 < items.length; i += 2) {
    const value = textReply(items[i + 1]) ?? "";
    if (items[i] === "nonce") {
      nonce = value;
    } else if (items[i] === "hostnames") {
      hostnames = lines(value);
    } else if (items[i] === "policyids") {
      policyIds = lines(value);
    } else if (items[i] === "upstreams") {
      upstreams = lines(value);
    }
  }
  const dash = text.indexOf("-");
  return { revision: counterReply(dash < 0 ? text : text.slice(0, dash)), nonce, hostnames, policyIds, upstreams };
}

function lost(position: Position, reason: string): Result<Followed> {
  return success({ position, following: { kind: "lost", reason } });
}

/** A spread would stand on the stack whole, and one change may have touched more than it holds. */
function append(list: string[], more: readonly string[]): void {
  for (const item of more) {
    list.push(item);
  }
}

/** What happened since `known`, from the audit entries that follow it. */
function between(known: Position, position: Position, entries: readonly Entry[]): Result<Followed> {
  const first = entries[0];
  if (known.nonce !== "" && first?.revision === known.revision && first.nonce !== known.nonce) {
    return lost(position, `its change ${known.revision} is not the one that this node has seen: it was set back and written to`);
  }
  const hostnames: string[] = [];
  const policyIds: string[] = [];
  const upstreams: string[] = [];
  let expected = known.revision + 1;
  for (const entry of entries) {
    if (entry.revision > known.revision) {
      if (entry.revision !== expected) {
        return success({ position, following: { kind: "reload" } });
      }
      expected++;
      append(hostnames, entry.hostnames);
      append(policyIds, entry.policyIds);
      append(upstreams, entry.upstreams);
    }
  }
  if (expected !== position.revision + 1) {
    return success({ position, following: { kind: "reload" } });
  }
  return success({ position, following: { kind: "changes", hostnames, policyIds, upstreams } });
}

/**
 * Asks the store how far it is, and says what a node at `known` must read to be there too. Nothing is lost with a
 * message: the revision says that something happened, the audit stream says what, and where they do not add up the
 * answer is to read everything.
 */
export function* follow(keys: Keys, known: Position): StoreWork<Result<Followed>> {
  const [revisionReply, idCountReply, lastReply] = yield [
    ["GET", keys.revision],
    ["GET", keys.policyIdCount],
    ["XREVRANGE", keys.audit, "+", "-", "COUNT", "1"],
  ];
  if (isError(revisionReply) || isError(idCountReply)) {
    const message = isError(revisionReply) ? revisionReply.message : isError(idCountReply) ? idCountReply.message : "";
    return failure(storeRefused(message));
  }
  const revision = typeof revisionReply === "string" ? counterReply(revisionReply) : 0;
  const idCount = typeof idCountReply === "string" ? counterReply(idCountReply) : -1;
  const last = isError(lastReply) ? undefined : listReply(lastReply)[0];
  const lastEntry = last === undefined ? undefined : decodeEntry(last);
  const nonce = lastEntry?.revision === revision ? lastEntry.nonce : "";
  const position: Position = { revision, nonce, policyIdCount: idCount };
  if (revision < known.revision) {
    return lost(position, `its revision is ${revision}, this node is at ${known.revision}`);
  }
  if (!(idCount >= known.policyIdCount)) {
    return lost(position, `its policy id counter is ${idCount}, it was ${known.policyIdCount}`);
  }
  if (revision === known.revision) {
    if (known.nonce !== "" && nonce !== "" && nonce !== known.nonce) {
      return lost(position, `its change ${revision} is not the one that this node has seen`);
    }
    return success({ position, following: { kind: "current" } });
  }
  const [range] = yield [["XRANGE", keys.audit, `${known.revision}-0`, `${revision}-0`]];
  return between(known, position, isError(range) ? [] : listReply(range).map((entry) => decodeEntry(entry)));
}

/** Fewer of them than this may go at once without a change on record and count as deleted by hand. */
const FEW = 4;

/**
 * Whether runtimes, or upstreams, that went away without a change on record look like lost data rather than like
 * somebody's work with redis-cli: more than half of them, and more than a few.
 */
export function looksLikeLoss(before: number, removed: number): boolean {
  return removed >= FEW && removed * 2 > before;
}
