import { connect, type Socket } from "node:net";
import { parseAnswer, type RawAnswer } from "./raw_answer.ts";

const CONNECTIONS = 4;
/** Requests on one connection that wait for their answers. */
const DEPTH = 32;
const MAX_ATTEMPTS = 25;
const TIMEOUT_MS = 20_000;

interface Work {
  readonly index: number;
  attempts: number;
}

/**
 * Sends requests over a few keepalive connections, many at a time on each.
 *
 * @param requests whole ones, as bytes.
 * @returns their answers, in the order of the requests.
 */
export async function askAll(port: number, requests: readonly Buffer[]): Promise<RawAnswer[]> {
  const answers: RawAnswer[] = [];
  const waiting: Work[] = requests.map((_, index) => ({ index, attempts: 0 }));
  waiting.reverse();
  const sockets = new Set<Socket>();

  function open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      sockets.add(socket);
      socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)));
      const sent: Work[] = [];
      let unread: Buffer = Buffer.alloc(0);

      const fill = (): void => {
        const batch: Buffer[] = [];
        while (sent.length < DEPTH) {
          const next = waiting.pop();
          const request = next === undefined ? undefined : requests[next.index];
          if (next === undefined || request === undefined) {
            break;
          }
          next.attempts++;
          sent.push(next);
          batch.push(request);
        }
        if (batch.length > 0) {
          socket.write(Buffer.concat(batch));
        } else if (sent.length === 0) {
          socket.end();
        }
      };
      const read = (closed: boolean): void => {
        for (;;) {
          const parsed = unread.length === 0 ? undefined : parseAnswer(unread, closed);
          if (parsed === undefined) {
            return;
          }
          const done = sent.shift();
          if (done === undefined) {
            socket.destroy(new Error("an answer to nothing"));
            return;
          }
          answers[done.index] = parsed.answer;
          unread = unread.subarray(parsed.length);
        }
      };
      socket.once("connect", fill);
      socket.on("data", (part: Buffer) => {
        unread = unread.length === 0 ? part : Buffer.concat([unread, part]);
        read(false);
        if (sent.length <= DEPTH / 2 && !socket.destroyed) {
          fill();
        }
      });
      let problem: Error | undefined;
      socket.once("error", (error) => {
        problem = error;
      });
      socket.once("close", () => {
        sockets.delete(socket);
        read(true);
        // The server may close after any answer; what it has not looked at is sent again.
        const lost = sent.find((work) => work.attempts >= MAX_ATTEMPTS);
        if (lost !== undefined) {
          const request = requests[lost.index]?.toString("latin1").slice(0, 2000) ?? "";
          reject(new Error(`closed without an answer to ${request}`, { cause: problem }));
          return;
        }
        waiting.push(...sent.reverse());
        if (waiting.length > 0) {
          open().then(resolve, reject);
        } else {
          resolve();
        }
      });
    });
  }

  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, open));
  } finally {
    for (const socket of sockets) {
      socket.destroy();
    }
  }
  return answers;
}
