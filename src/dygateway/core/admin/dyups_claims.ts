import { storeRefused } from "../errors.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError, numberReply, textReply } from "../store/command.ts";
import type { Command, StoreWork } from "../store/command.ts";

/** Where instructions are published, answered and claimed. */
export interface CommandChannels {
  readonly commands: string;
  readonly replies: string;
  readonly claim: (this: void, message: string) => string;
}

export function commandChannels(prefix: string): CommandChannels {
  const commands = `${prefix}:dyupsc`;
  return { commands, replies: `${commands}:replies`, claim: (message) => `${commands}:claim:${message}` };
}

/** Seconds that a node has for one instruction; when it died meanwhile, another carries it out after. */
export const LEASE_SECONDS = 30;
/** Seconds that a message with an id is remembered, so that its sender may repeat it. */
const ID_SECONDS = 86400;
/** The same for one without. */
export const NAMELESS_SECONDS = 60;
/** After a failure that the store is to blame for, the message may be sent again; other nodes, which have it as well, leave it. */
const FAILED_SECONDS = 2;
/** A message that comes again so long after it was done is a repetition, and its sender waits for an answer. */
const REPEATED_SECONDS = 2;

const RUNNING = "running";
const DONE = "done ";

/** What a node finds when it wants to carry out a message. */
export type Claimed =
  | { readonly kind: "ours" }
  /** Another node is at it. */
  | { readonly kind: "running" }
  /** `repeated`: the sender has sent it again. `reply`: "" where it asked for none, or where it failed and may try again. */
  | { readonly kind: "done"; readonly repeated: boolean; readonly reply: string };

/** One message on this node. */
export interface Message {
  /** The key of its claim. */
  readonly key: string;
  /** "" for none. */
  readonly id: string;
}

export function* claimMessage(message: Message): StoreWork<Result<Claimed>> {
  const [set, get, left] = yield [
    ["SET", message.key, RUNNING, "NX", "EX", `${LEASE_SECONDS}`],
    ["GET", message.key],
    ["PTTL", message.key],
  ];
  if (isError(set) || isError(get)) {
    return failure(storeRefused(isError(set) ? set.message : isError(get) ? get.message : ""));
  }
  if (textReply(set) === "OK") {
    return success({ kind: "ours" });
  }
  const value = textReply(get) ?? "";
  if (!value.startsWith(DONE)) {
    // Or it has just run out: then the next look takes it.
    return success({ kind: "running" });
  }
  const reply = value.slice(DONE.length);
  const milliseconds = numberReply(left);
  // By the store's own clock; nodes' clocks may differ. One that must not ask for it answers nobody again.
  const isLate = milliseconds >= 0 && ID_SECONDS - milliseconds / 1000 >= REPEATED_SECONDS;
  return success({ kind: "done", repeated: reply !== "" && isLate, reply });
}

function publishReply(channels: CommandChannels, { id }: Message, reply: string): Command[] {
  return id === "" ? [] : [["PUBLISH", channels.replies, reply]];
}

/** Says that a message is done, and answers it; also as a part of the transaction that does what it says. */
export function doneCommands(channels: CommandChannels, message: Message, reply: string): Command[] {
  const seconds = message.id === "" ? NAMELESS_SECONDS : ID_SECONDS;
  const stored = message.id === "" ? DONE : DONE + reply;
  return [["SET", message.key, stored, "EX", `${seconds}`], ...publishReply(channels, message, reply)];
}

/** The same for what the store did not take: it may be sent again. */
export function failedCommands(channels: CommandChannels, message: Message, reply: string): Command[] {
  return [["SET", message.key, DONE, "EX", `${FAILED_SECONDS}`], ...publishReply(channels, message, reply)];
}

/** Sends commands for their effect. */
export function* sendCommands(commands: Command[]): StoreWork<Result<null>> {
  const replies = yield commands;
  const refused = replies.find((reply) => isError(reply));
  return isError(refused) ? failure(storeRefused(refused.message)) : success(null);
}

/** Answers a repetition: the first node that comes to it, for all of them. */
export function* answerAgain(channels: CommandChannels, message: Message, reply: string): StoreWork<Result<null>> {
  const [set] = yield [["SET", `${message.key}:again`, "", "NX", "EX", `${REPEATED_SECONDS}`]];
  return textReply(set) === "OK" ? yield* sendCommands(publishReply(channels, message, reply)) : success(null);
}

interface Seen {
  last: number;
  count: number;
}

const MOST_SEEN = 10000;

/**
 * Tells messages without ids apart that say the same: by how many of them came, each within a minute of the one before.
 * Every node that has heard them all counts alike.
 */
export function messageCounter(): (this: void, digest: string, now: number) => number {
  let seen: Lookup<Seen> = lookup();
  let size = 0;
  return (digest, now) => {
    const known = seen[digest];
    if (known !== undefined && now - known.last <= NAMELESS_SECONDS) {
      known.last = now;
      known.count++;
      return known.count;
    }
    if (known === undefined) {
      if (size >= MOST_SEEN) {
        seen = lookup();
        size = 0;
      }
      size++;
    }
    seen[digest] = { last: now, count: 1 };
    return 1;
  };
}
