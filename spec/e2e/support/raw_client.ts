import { connect } from "node:net";
import { parseAnswer, type RawAnswer } from "./raw_answer.ts";

const TIMEOUT_MS = 30_000;

export interface RawRequest {
  readonly bytes: Buffer;
  /** Whether the client says that nothing more will come, which cuts an upload short. */
  readonly ends?: boolean;
  readonly isHead?: boolean;
}

/**
 * Sends bytes over a connection of their own.
 *
 * @returns the first answer, or undefined where the server closed the connection without one.
 */
export function sendRaw(port: number, { bytes, ends = false, isHead = false }: RawRequest): Promise<RawAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let read: Buffer = Buffer.alloc(0);
    let problem: NodeJS.ErrnoException | undefined;
    /** @returns whether the outcome is known. */
    const settle = (closed: boolean): boolean => {
      try {
        const parsed = parseAnswer(read, closed, isHead);
        if (parsed !== undefined) {
          resolve(parsed.answer);
        }
        return parsed !== undefined;
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return true;
      }
    };
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)));
    socket.on("data", (part: Buffer) => {
      read = Buffer.concat([read, part]);
      if (settle(false)) {
        socket.destroy();
      }
    });
    socket.once("error", (error) => {
      problem = error;
    });
    socket.once("close", () => {
      if (settle(true)) {
        return;
      }
      // A server that refuses early resets the connection while the body still comes.
      const expected = problem === undefined || problem.code === "ECONNRESET" || problem.code === "EPIPE";
      if (expected) {
        resolve(undefined);
      } else {
        reject(problem ?? new Error("closed"));
      }
    });
    if (ends) {
      socket.end(bytes);
    } else {
      socket.write(bytes);
    }
  });
}
