import { connect, type Socket } from "node:net";

export interface PlainAnswer {
  readonly status: number;
  /** `X-Backend`, "" where there is none. */
  readonly backend: string;
}

/** The connection ended or broke. Before a first byte of the answer came, the request may be sent again on another. */
export class ConnectionLost extends Error {
  readonly answerBegun: boolean;
  constructor(reason: string, answerBegun: boolean) {
    super(reason);
    this.answerBegun = answerBegun;
  }
}

interface Waiting {
  readonly resolve: (answer: PlainAnswer) => void;
  readonly reject: (error: ConnectionLost) => void;
}

const headEnd = "\r\n\r\n";

/** One kept connection, one request at a time; much cheaper than node:http, and it says how a request failed. */
export class Connection {
  private readonly socket: Socket;
  private received = "";
  private waiting: Waiting | undefined;
  private problem: string | undefined;

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (part: string) => {
      this.take(part);
    });
    this.socket.on("error", (error) => {
      this.fail(error.message);
    });
    this.socket.on("close", () => {
      this.fail("the connection was closed");
    });
  }

  /** Whether a request can be sent on it. */
  get usable(): boolean {
    return this.problem === undefined;
  }

  /** @param head the request's text, with its last empty line. */
  ask(head: string, timeoutMs: number): Promise<PlainAnswer> {
    return new Promise((resolve, reject) => {
      if (this.problem !== undefined) {
        reject(new ConnectionLost(this.problem, false));
        return;
      }
      const timer = setTimeout(() => {
        this.fail(`no answer for ${timeoutMs} ms`);
      }, timeoutMs);
      this.waiting = {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.socket.write(head);
    });
  }

  close(): void {
    this.fail("closed by the client");
  }

  private take(part: string): void {
    this.received += part;
    const end = this.received.indexOf(headEnd);
    if (end < 0) {
      return;
    }
    const head = this.received.slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? NaN);
    const whole = end + headEnd.length + length;
    if (Number.isNaN(length)) {
      this.fail("an answer without a length");
    } else if (this.received.length >= whole) {
      this.received = this.received.slice(whole);
      const { waiting } = this;
      this.waiting = undefined;
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0);
      waiting?.resolve({ status, backend: /^x-backend: (\S+)/im.exec(head)?.[1] ?? "" });
      if (/^connection: close/im.test(head)) {
        this.fail("the server has closed it after its answer");
      }
    }
  }

  private fail(reason: string): void {
    if (this.problem !== undefined) {
      return;
    }
    this.problem = reason;
    this.socket.destroy();
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.reject(new ConnectionLost(reason, this.received !== ""));
  }
}
