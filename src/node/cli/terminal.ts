import type { Environment } from "../config/secrets.ts";

/** What a command knows of the world around it; tests give their own. */
export interface Terminal {
  readonly environment: Environment;
  /** One or more lines to stdout; the line end is added. */
  out(text: string): void;
  /** The same to stderr. */
  err(text: string): void;
  /** Shows a line that the next output replaces; undefined where nobody watches. */
  readonly status?: ((text: string) => void) | undefined;
  /** What the process is to exit with; 0 unless set. */
  exitCode: number;
}

export const exitCodes = {
  /** All is well; with --check: nothing would change. */
  fine: 0,
  /** With --check: something would change. */
  differs: 1,
  /** Nothing was done; stderr says why. */
  failed: 2,
} as const;

/** An expected failure of a command: its message is all the operator needs, without a stack. */
export class CommandFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CommandFailure";
  }
}

export function processTerminal(): Terminal {
  // `dygateway … | head` closes the pipe early: that is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  const isWatched = process.stderr.isTTY;
  const clear = isWatched ? "\r\x1b[K" : "";
  let isShown = false;
  const clearStatus = (): void => {
    if (isShown) process.stderr.write(clear);
    isShown = false;
  };
  return {
    environment: process.env,
    out: (text) => {
      clearStatus();
      process.stdout.write(`${text}\n`);
    },
    err: (text) => {
      clearStatus();
      process.stderr.write(`${text}\n`);
    },
    status: isWatched
      ? (text) => {
          process.stderr.write(`${clear}${text}`);
          isShown = text !== "";
        }
      : undefined,
    exitCode: exitCodes.fine,
  };
}
