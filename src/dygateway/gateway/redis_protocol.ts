import { errorReply, nilReply } from "../core/store/command.ts";
import type { Command, Reply } from "../core/store/command.ts";

/**
 * Redis' own protocol (RESP 2), for pipelines: lua-resty-redis asks the socket three times for each text and makes a
 * text of each length, which is most of the time that reading a million pairs takes. What is here reads whatever has
 * arrived, and cuts the replies out of it in loops that LuaJIT compiles.
 */

/** What a socket of nginx hands out at once at most; its own buffer (lua_socket_buffer_size) is usually smaller. */
const MOST_BYTES = 65536;

/** Of one text: what Redis itself takes and sends at most, unless told. */
const LONGEST_TEXT = 512 * 1024 * 1024;
/** Of what stands on a line of its own: an error, a number, a length. */
const LONGEST_LINE = 65536;
/** No double tells longer numbers apart from their neighbours anyway. */
const MOST_DIGITS = 20;
/** Lists in lists: EXEC's around XRANGE's around an entry's around its fields are four. */
const MOST_DEPTH = 16;

const ZERO = 48;
const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const DOLLAR = 36;
const STAR = 42;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;

/** Lengths of words whose heads are kept. */
const MOST_KEPT = 64;

const heads: string[] = [];

/** What stands between two words of a command: the end of the one, the length of the next. */
function headOf(length: number): string {
  return length < MOST_KEPT ? heads[length]! : `\r\n$${length}\r\n`;
}

for (let length = 0; length < MOST_KEPT; length++) {
  heads[length] = `\r\n$${length}\r\n`;
}

/** An array of bulk strings, as one text: nginx goes through what it sends piece by piece. */
function commandText(command: Command): string {
  const parts = [`*${command.length}`];
  let used = 1;
  for (const word of command) {
    parts[used] = headOf(word.length);
    parts[used + 1] = word;
    used += 2;
  }
  parts[used] = "\r\n";
  return table.concat(parts);
}

/** The commands as texts that go out one behind the other. */
export function commandBytes(commands: readonly Command[]): string[] {
  return commands.map((command) => commandText(command));
}

/** Raised by what reads replies, caught where they are asked for. */
interface Broken {
  readonly broken: string;
}

export interface ReplyReader {
  /** @returns the replies to as many commands, in order, or why they did not come: then the connection is of no use. */
  readonly read: (this: void, count: number) => Reply[] | string;
}

export function replyReader(socket: ngx.TcpSocket): ReplyReader {
  /** What has arrived, and where in it, counted from 1, the next reply begins. */
  let arrived = "";
  let at = 1;

  function giveUp(reason: string | undefined): never {
    const broken: Broken = { broken: reason ?? "the connection broke" };
    throw broken;
  }

  function receive(): void {
    const [piece, reason] = socket.receiveany(MOST_BYTES);
    if (piece === undefined) {
      return giveUp(reason);
    }
    arrived = string.sub(arrived, at) + piece;
    at = 1;
  }

  function nextEnd(): number | undefined {
    return string.find(arrived, "\r\n", at, true)[0];
  }

  /** Where the line that begins here ends, once it is there. */
  function lineEnd(): number {
    let end = nextEnd();
    while (end === undefined) {
      if (arrived.length - at > LONGEST_LINE) {
        return giveUp("Redis has sent a line without an end");
      }
      receive();
      end = nextEnd();
    }
    return end;
  }

  /** The number in bytes of `arrived`: digits and nothing else, which `tonumber` alone does not ask for. */
  function digits(from: number, end: number): number {
    if (from >= end || end - from > MOST_DIGITS) {
      return giveUp("Redis has sent a number that is none");
    }
    let value = 0;
    for (let i = from; i < end; i++) {
      const digit = string.byte(arrived, i) - ZERO;
      if (digit < 0 || digit > 9) {
        return giveUp("Redis has sent a number that is none");
      }
      value = value * 10 + digit;
    }
    return value;
  }

  /** The same with a sign; a length has one only where it is that of nothing. */
  function signed(from: number, end: number): number {
    return string.byte(arrived, from) === MINUS ? -digits(from + 1, end) : digits(from, end);
  }

  function lengthIn(from: number, end: number): number {
    const length = signed(from, end);
    return length < -1 ? giveUp("Redis has sent a length below 0") : length;
  }

  function expectEnd(bytes: string, from: number): void {
    if (string.byte(bytes, from) !== CARRIAGE_RETURN || string.byte(bytes, from + 1) !== LINE_FEED) {
      giveUp("Redis has sent a text that is not as long as it says");
    }
  }

  /** A text of which not all has arrived: the socket puts the rest together, however long. */
  function longText(size: number): string {
    const begun = string.sub(arrived, at);
    arrived = "";
    at = 1;
    const [rest, reason] = socket.receive(size + 2 - begun.length);
    if (rest === undefined) {
      return giveUp(reason);
    }
    const whole = begun + rest;
    expectEnd(whole, size + 1);
    return string.sub(whole, 1, size);
  }

  function text(size: number): Reply {
    if (size < 0) {
      return nilReply;
    }
    if (size > LONGEST_TEXT) {
      return giveUp("Redis has announced a text longer than there can be");
    }
    const next = at + size + 2;
    if (next - 1 > arrived.length) {
      return longText(size);
    }
    expectEnd(arrived, next - 2);
    const found = string.sub(arrived, at, next - 3);
    at = next;
    return found;
  }

  function reply(depth: number): Reply {
    const end = lineEnd();
    const kind = string.byte(arrived, at);
    const start = at + 1;
    at = end + 2;
    if (kind === DOLLAR) {
      return text(lengthIn(start, end));
    }
    if (kind === STAR) {
      const count = lengthIn(start, end);
      return count < 0 ? nilReply : list(count, depth + 1);
    }
    if (kind === COLON) {
      return signed(start, end);
    }
    if (kind === PLUS) {
      return string.sub(arrived, start, end - 1);
    }
    return kind === MINUS ? errorReply(string.sub(arrived, start, end - 1)) : giveUp("what answers is no Redis");
  }

  function list(count: number, depth: number): Reply[] {
    if (depth > MOST_DEPTH) {
      return giveUp("Redis has sent lists in lists, too many of them");
    }
    const replies: Reply[] = [];
    for (let i = 0; i < count; i++) {
      replies.push(reply(depth));
    }
    return replies;
  }

  /** What is left over shows that one of the replies was not the one that was asked for. */
  function all(count: number): Reply[] {
    const replies = list(count, 0);
    return at <= arrived.length ? giveUp("Redis has sent more than it was asked for") : replies;
  }

  return {
    read: (count) => {
      const [read, replies] = pcall(all, count);
      if (read) {
        return replies;
      }
      const raised = replies as unknown;
      if (typeof raised === "object" && (raised as Partial<Broken>).broken !== undefined) {
        return (raised as Broken).broken;
      }
      throw raised;
    },
  };
}
