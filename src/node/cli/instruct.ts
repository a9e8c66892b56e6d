import type { Parameters } from "../../dygateway/core/admin/parameters.ts";
import { upstreamInstructions, type InstructionOutcome } from "../../dygateway/core/admin/upstream_changes.ts";
import { addressParts, parseServerAddress } from "../../dygateway/core/upstream/address.ts";
import { noPause, type Result } from "../../dygateway/core/result.ts";
import type { Transaction } from "../../dygateway/core/store/transaction.ts";
import { report, type Outcome } from "./outcome.ts";
import { openSession, type CommonOptions, type Session } from "./session.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

export type Instructed = Result<Transaction<InstructionOutcome>>;

/** Carries out an instruction of /dyupsc_admin by the gateway's own code. */
export async function instruct(session: Session, action: string, parameters: Parameters): Promise<Instructed> {
  const instruction = upstreamInstructions[action];
  if (instruction === undefined) throw new Error(`no such instruction: ${action}`);
  const planned = instruction(parameters, noPause);
  return planned.ok ? session.change((context) => planned.value(context, session.statics)) : planned;
}

/** One instruction as a command. @param what what was done, in words that a revision may follow. */
export async function runInstruction(
  action: string,
  parameters: Parameters,
  what: string,
  options: CommonOptions,
  terminal: Terminal,
): Promise<void> {
  const session = openSession(options, terminal);
  const words = ({ revision, answer }: Transaction<InstructionOutcome>): Outcome => ({
    text: answer.isChanged ? `${what} (revision ${revision})` : `${what}: it is so already; nothing was changed`,
    detail: answer.detail,
  });
  report(await instruct(session, action, parameters), words, options, terminal);
}

/** A server as an operator writes it, as the parameters `ip` and `port`. */
export function addressParameters(address: string): { readonly ip: string; readonly port?: string } {
  const parsed = parseServerAddress(address);
  if (!parsed.ok) throw new CommandFailure(parsed.error.desc);
  const { kind, host, port } = addressParts(parsed.value);
  return kind === "unix" ? { ip: `unix:${host}` } : { ip: host, port: `${port}` };
}

/** The parameter `force`, where it is asked for. */
export const forceOf = (force: boolean): string | undefined => (force ? "1" : undefined);
