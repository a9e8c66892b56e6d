import { errorReply, nilReply } from "../core/store/command.ts";
import type { Command, Reply } from "../core/store/command.ts";

/**
 * Redis' own protocol (RESP 2), for pipelines: lua-resty-redis asks the socket three times for each text and makes a
 * text of each length, which is most of the time that reading a million pairs takes. What is here reads whatever has
 * arrived, and cuts the replies out of it in loops that LuaJIT compiles.
 */

/** What a socket of nginx hands out at once at most; its own buffer (lua_socket_buffer_size) is usually smaller. */
const MOST_BYTES = 65536;

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
      receive();
      end = nextEnd();
    }
    return end;
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
    return string.sub(begun + rest, 1, size);
  }

  function text(size: number): Reply {
    if (size < 0) {
      return nilReply;
    }
    const next = at + size + 2;
    if (next - 1 > arrived.length) {
      return longText(size);
    }
    const found = string.sub(arrived, at, next - 3);
    at = next;
    return found;
  }

  function reply(): Reply {
    const end = lineEnd();
    const kind = string.byte(arrived, at);
    const rest = string.sub(arrived, at + 1, end - 1);
    at = end + 2;
    if (kind === DOLLAR) {
      return text(tonumber(rest) ?? -1);
    }
    if (kind === STAR) {
      const count = tonumber(rest) ?? -1;
      return count < 0 ? nilReply : list(count);
    }
    if (kind === COLON) {
      return tonumber(rest) ?? -1;
    }
    if (kind === PLUS) {
      return rest;
    }
    return kind === MINUS ? errorReply(rest) : giveUp("what answers is no Redis");
  }

  function list(count: number): Reply[] {
    const replies: Reply[] = [];
    for (let i = 0; i < count; i++) {
      replies.push(reply());
    }
    return replies;
  }

  return {
    read: (count) => {
      const [read, replies] = pcall(list, count);
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
