import { errorAnswer, successAnswer } from "../../dygateway/core/admin/answers.ts";
import type { GatewayError } from "../../dygateway/core/errors.ts";
import { printJson } from "../../dygateway/core/json/print.ts";
import type { JsonValue } from "../../dygateway/core/json/value.ts";
import { noPause, type Result } from "../../dygateway/core/result.ts";
import type { Transaction } from "../../dygateway/core/store/transaction.ts";
import { printable } from "./printable.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

/** What a command found or did, for a person and for a program. */
export interface Outcome {
  /** Lines of at most 80 columns; what comes from elsewhere in it is printable already. */
  readonly text: string;
  /** As in /ab_admin's answer: what follows `success ` in its desc, and its data. */
  readonly detail?: string;
  readonly data?: JsonValue;
  /** Nothing of that name is there: the exit code says so, too. */
  readonly missing?: boolean;
}

/** Whatever a core check or the store refuses ends with 1; what was asked wrongly, with the program's 2. */
export const refused = exitCodes.differs;

export const exitCodesHelp = `
Exit codes: 0 done; 1 refused, or there is nothing of that name; 2 the command
line or the configuration is wrong.`;

interface Form {
  readonly json: boolean;
}

/** Prints how a command ended and sets the exit code. */
export function report<T>(result: Result<T>, words: (value: T) => Outcome, options: Form, terminal: Terminal): void {
  if (!result.ok) {
    reportError(result.error, options, terminal);
    return;
  }
  const { text, detail = "", data, missing = false } = words(result.value);
  terminal.out(options.json ? printJson(successAnswer(detail, data), noPause) : text);
  if (missing) terminal.exitCode = refused;
}

export function reportError(error: GatewayError, options: Form, terminal: Terminal): void {
  terminal.err(`dygateway: ${printable(error.desc)} (${error.code})`);
  if (options.json) terminal.out(printJson(errorAnswer(error), noPause));
  terminal.exitCode = refused;
}

/** How a deletion ended: with a revision, or without anything to delete. */
export function deletionWords(what: string): (done: Transaction<null>) => Outcome {
  return ({ commands, revision }) => ({
    text: commands.length === 0 ? `there was no ${what}; nothing was changed` : `${what} deleted (revision ${revision})`,
  });
}
