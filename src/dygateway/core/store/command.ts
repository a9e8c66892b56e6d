import { MAX_EXACT_INTEGER, parseDecimal } from "../decimal.ts";

/** A Redis command with its arguments. */
export type Command = string[];

/** What Redis answered; a nil is a value of its own because it would end a Lua array. */
export type Reply = string | number | NilReply | ErrorReply | Reply[];

export interface NilReply {
  readonly kind: "nil";
}

export interface ErrorReply {
  readonly kind: "error";
  readonly message: string;
}

export const nilReply: NilReply = { kind: "nil" };

export function errorReply(message: string): ErrorReply {
  return { kind: "error", message };
}

export function isError(reply: Reply | undefined): reply is ErrorReply {
  return reply !== undefined && typeof reply === "object" && "kind" in reply && reply.kind === "error";
}

/** The text of a bulk or status reply; undefined for a nil, an error, a number, a list. */
export function textReply(reply: Reply | undefined): string | undefined {
  return typeof reply === "string" ? reply : undefined;
}

/** The number of an integer reply or of digits in a bulk reply; -1 for anything else. */
export function numberReply(reply: Reply | undefined): number {
  if (typeof reply === "number") {
    return reply;
  }
  const value = typeof reply === "string" ? Number(reply) : -1;
  return value >= 0 ? value : -1;
}

/**
 * The number of a bulk reply that counts changes or ids; -1 for anything but digits, and for more than a double holds
 * exactly: nobody counts so far, and what is rounded, or infinite, cannot be compared.
 */
export function counterReply(reply: Reply | undefined): number {
  const value = typeof reply === "string" ? parseDecimal(reply) : -1;
  return value <= MAX_EXACT_INTEGER ? value : -1;
}

/** The texts of a list reply; empty for anything else. */
export function listReply(reply: Reply | undefined): Reply[] {
  return reply !== undefined && typeof reply === "object" && !("kind" in reply) ? reply : [];
}

/**
 * Work with the store as data: yields a pipeline of commands, is given their replies in order, and ends with a result.
 * The gateway drives it on nginx's sockets, the command line on Node's; what is asked and what follows from the answers
 * is here, once.
 */
export type StoreWork<T> = Generator<Command[], T, Reply[]>;

/** Drives many pieces of work at once, one pipeline a step for all of them. */
export function* together<T>(works: StoreWork<T>[]): StoreWork<T[]> {
  const results: T[] = [];
  const steps = works.map((work) => work.next());
  let open = true;
  while (open) {
    open = false;
    const pipeline: Command[] = [];
    for (const step of steps) {
      if (step.done !== true) {
        open = true;
        for (const command of step.value) {
          pipeline.push(command);
        }
      }
    }
    if (open) {
      const replies = yield pipeline;
      let taken = 0;
      for (let i = 0; i < works.length; i++) {
        const step = steps[i]!;
        if (step.done !== true) {
          const own: Reply[] = [];
          for (let n = 0; n < step.value.length; n++) {
            own.push(replies[taken]!);
            taken++;
          }
          steps[i] = works[i]!.next(own);
        }
      }
    }
  }
  for (const step of steps) {
    if (step.done === true) {
      results.push(step.value);
    }
  }
  return results;
}
