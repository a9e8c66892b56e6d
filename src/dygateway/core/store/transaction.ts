import { storeBehind, storeRefused } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { isError, listReply, numberReply, textReply } from "./command.ts";
import type { Command, Reply, StoreWork } from "./command.ts";
import type { Keys } from "./keys.ts";

/** Entries kept in the audit stream, about; a node that was away for longer reads everything anew. */
const AUDIT_LENGTH = "10000";
/** Revisions up to here count up exactly and print alike in both runtimes; one beyond has been written by accident. */
const LARGEST_REVISION = 1e13;

/** Who changes, and what the shell knows that the core does not: clock and chance. */
export interface ChangeContext {
  readonly keys: Keys;
  readonly who: string;
  readonly from: string;
  /** Milliseconds since 1970, as digits. */
  readonly now: string;
  /** Unlike any other change's. */
  readonly nonce: string;
  readonly pause: Pause;
  /** The revision that this node has in force; a store that is behind it has lost changes and takes no new ones. */
  readonly knownRevision: number;
}

/** What the audit stream says of a change. */
export interface AuditEntry {
  readonly action: string;
  readonly what: string;
  readonly before: string;
  readonly after: string;
  /** Hostnames whose runtime changed. */
  readonly hostnames: readonly string[];
  /** Ids of policies that came, went or changed. */
  readonly policyIds: readonly string[];
  /** Names of upstreams that came, went or changed. */
  readonly upstreams: readonly string[];
}

/**
 * The end of a change: what MULTI … EXEC shall carry out, whole or not at all. A shell that is answered nil by EXEC,
 * because somebody else changed what was read, starts the work again from its beginning.
 */
export interface Transaction<T> {
  /** Empty where there is nothing to change. */
  readonly commands: Command[];
  /** The change's number, or the one in force where nothing changes. */
  readonly revision: number;
  readonly answer: T;
}

export type Change<T> = StoreWork<Result<Transaction<T>>>;

function streamEnd(info: Reply | undefined): number {
  const fields = listReply(info);
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === "last-generated-id") {
      const id = textReply(fields[i + 1]) ?? "";
      return numberReply(id.slice(0, id.indexOf("-")));
    }
  }
  return 0;
}

/**
 * Starts a change: watches the revision, which every change of ours writes, and `watched`; and makes sure that what
 * the transaction will write to has the type it should, because Redis does not undo the first half of a transaction
 * whose second half fails.
 *
 * @returns the number that the change will have.
 */
export function* beginChange(context: ChangeContext, watched: readonly string[]): StoreWork<Result<number>> {
  const { keys } = context;
  const replies = yield [
    ["WATCH", keys.revision, keys.audit, ...watched],
    ["GET", keys.revision],
    ["TYPE", keys.audit],
    ["XINFO", "STREAM", keys.audit],
  ];
  const [watch, revision, type, info] = replies;
  if (isError(watch) || isError(revision)) {
    const message = isError(watch) ? watch.message : isError(revision) ? revision.message : "";
    return failure(storeRefused(message));
  }
  if (type !== "none" && (type !== "stream" || isError(info))) {
    const found = isError(info) ? info.message : `it is a ${textReply(type) ?? "?"}`;
    return failure(storeRefused(`${keys.audit} is not the audit stream it should be: ${found}`));
  }
  const current = typeof revision === "string" ? numberReply(revision) : 0;
  if (!(current >= 0 && current <= LARGEST_REVISION) || Math.floor(current) !== current) {
    return failure(storeRefused(`${keys.revision} is not a number up to ${LARGEST_REVISION}`));
  }
  const last = type === "stream" ? streamEnd(info) : 0;
  if (current < context.knownRevision) {
    return failure(storeBehind(`its revision is ${current}, this node is at ${context.knownRevision}`));
  }
  return success((current > last ? current : last) + 1);
}

/** Ends a change: adds to its commands the revision, the audit entry and the announcement. */
export function commitChange<T>(
  context: ChangeContext,
  revision: number,
  entry: AuditEntry,
  commands: Command[],
  answer: T,
): Transaction<T> {
  const { keys } = context;
  const number = `${revision}`;
  const audit: Command = [
    "XADD", keys.audit, "MAXLEN", "~", AUDIT_LENGTH, `${number}-0`,
    "nonce", context.nonce,
    "time", context.now,
    "who", context.who,
    "from", context.from,
    "action", entry.action,
    "what", entry.what,
    "before", entry.before,
    "after", entry.after,
    "hostnames", entry.hostnames.join("\n"),
    "policyids", entry.policyIds.join("\n"),
  ];
  if (entry.upstreams.length > 0) {
    audit.push("upstreams", entry.upstreams.join("\n"));
  }
  commands.push(["SET", keys.revision, number], audit, ["PUBLISH", keys.channel, number]);
  return { commands, revision, answer };
}

/** The end of a change that found nothing to change. */
export function nothingToChange<T>(revision: number, answer: T): Transaction<T> {
  return { commands: [], revision: revision - 1, answer };
}
