import { chmodSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * Whether what is asked next on a connection is to be held back.
 * @param earlier what was asked on it before.
 */
export type Hold = (question: string, earlier: string) => boolean;

/** Bytes of earlier questions that are remembered. */
const REMEMBERED = 10_000;

/**
 * Stands between the gateway and Redis, in the place of a network or a Redis that is slow: what Redis answers goes on
 * late, in order, or changed. Questions are never held up, so what they change is changed.
 */
export class RedisProxy {
  /** Milliseconds by which every answer is late. */
  delay = 0;
  /** Asked with each piece that the gateway sends; answers on a connection that it said yes for wait until `release`. */
  hold: Hold | undefined;
  /** Given each piece that Redis answers; what it returns goes on in its place. */
  change: ((answer: Buffer) => Buffer) | undefined;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private held: (() => void)[] = [];

  constructor(target: string) {
    this.server = createServer((client) => {
      this.join(client, connect(target));
    });
  }

  /** Whether it holds an answer back. */
  get holds(): boolean {
    return this.held.length > 0;
  }

  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(path, resolve);
    });
    // The gateway's workers may run as another user.
    chmodSync(path, 0o777);
  }

  release(): void {
    const { held } = this;
    this.hold = undefined;
    this.held = [];
    for (const pass of held) {
      pass();
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) {
      socket.destroy();
    }
    await closed;
  }

  private join(client: Socket, redis: Socket): void {
    let isHeld = false;
    let earlier = "";
    for (const socket of [client, redis]) {
      this.sockets.add(socket);
      // The other side is told by `close`.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.sockets.delete(socket);
        (socket === client ? redis : client).destroy();
      });
    }
    client.on("data", (part: Buffer) => {
      const question = part.toString("latin1");
      isHeld ||= this.hold?.(question, earlier) === true;
      earlier = (earlier + question).slice(-REMEMBERED);
      redis.write(part);
    });
    redis.on("data", (answer: Buffer) => {
      const part = this.change?.(answer) ?? answer;
      const pass = (): void => {
        if (client.writable) {
          client.write(part);
        }
      };
      if (isHeld) {
        this.held.push(() => {
          isHeld = false;
          pass();
        });
      } else if (this.delay > 0) {
        setTimeout(pass, this.delay);
      } else {
        pass();
      }
    });
  }
}
