import { connect, type Socket } from "node:net";
import { parseAnswer, type RawAnswer } from "../support/raw_answer.ts";

const TIMEOUT_MS = 10_000;

/** The connection ended without an answer. Where none had begun, the request may be sent again on another. */
export class ConnectionLost extends Error {
  readonly answerBegun: boolean;

  constructor(reason: string, answerBegun: boolean) {
    super(reason);
    this.answerBegun = answerBegun;
  }
}

interface Waiting {
  readonly resolve: (answer: RawAnswer) => void;
  readonly reject: (lost: ConnectionLost) => void;
}

/** One connection, one request at a time; it says how a request failed, which node:http does not. */
export class KeptConnection {
  /** Requests so far. */
  asked = 0;
  private readonly socket: Socket;
  private unread: Buffer = Buffer.alloc(0);
  private waiting: Waiting | undefined;
  private problem: string | undefined;

  /** @param localAddress the client's, where it matters. */
  constructor(port: number, localAddress?: string) {
    this.socket = connect({ host: "127.0.0.1", port, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
    this.socket.on("data", (part: Buffer) => {
      this.take(part);
    });
    this.socket.on("error", (error) => {
      this.end(error.message);
    });
    this.socket.on("close", () => {
      this.end("the connection was closed");
    });
  }

  get usable(): boolean {
    return this.problem === undefined;
  }

  /** @param head the request, with its last empty line. @throws ConnectionLost */
  ask(head: string): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      if (this.problem !== undefined) {
        reject(new ConnectionLost(this.problem, false));
        return;
      }
      const timer = setTimeout(() => {
        this.end(`no answer for ${TIMEOUT_MS} ms`);
      }, TIMEOUT_MS);
      this.waiting = {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (lost) => {
          clearTimeout(timer);
          reject(lost);
        },
      };
      this.asked++;
      this.socket.write(head);
    });
  }

  close(): void {
    this.end("closed by the client");
  }

  private take(part: Buffer): void {
    this.unread = this.unread.length === 0 ? part : Buffer.concat([this.unread, part]);
    const parsed = parseAnswer(this.unread, false);
    const { waiting } = this;
    if (parsed === undefined || waiting === undefined) {
      return;
    }
    this.unread = this.unread.subarray(parsed.length);
    this.waiting = undefined;
    waiting.resolve(parsed.answer);
    if (/\r\nconnection: close/i.test(parsed.answer.head)) {
      this.end("the server has closed it after its answer");
    }
  }

  private end(reason: string): void {
    if (this.problem !== undefined) {
      return;
    }
    this.problem = reason;
    this.socket.destroy();
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.reject(new ConnectionLost(reason, this.unread.length > 0));
  }
}
