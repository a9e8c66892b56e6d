import { Command, CommanderError } from "commander";
import { auditCommand } from "./audit.ts";
import { dyupsCommand } from "./dyups.ts";
import { explainCommand } from "./explain.ts";
import { initCommand } from "./init.ts";
import { lvsCommandGroup } from "./lvs.ts";
import { managerCommand } from "./manager.ts";
import { nginxCommand } from "./nginx_pull.ts";
import { policyCommand } from "./policy.ts";
import { policyGroupCommand } from "./policygroup.ts";
import { renderCommand } from "./render.ts";
import { runtimeCommand } from "./runtime.ts";
import { schemaCommand } from "./schema.ts";
import { statusCommand } from "./status.ts";
import { upstreamCommand } from "./upstream.ts";
import { CommandFailure, exitCodes, type Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/** Every command: one file that makes it, one line here. */
const commands: readonly ((terminal: Terminal) => Command)[] = [
  initCommand,
  renderCommand,
  schemaCommand,
  policyCommand,
  policyGroupCommand,
  runtimeCommand,
  upstreamCommand,
  dyupsCommand,
  explainCommand,
  auditCommand,
  statusCommand,
  lvsCommandGroup,
  nginxCommand,
  managerCommand,
];

const withSubcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(withSubcommands)];

/** Runs one command line (without node and script). Returns the exit code: 0, 1 (a check found a difference) or 2. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command("dygateway")
    .description("A dynamic routing gateway on nginx + Lua: gradual releases and A/B tests.")
    .version(version)
    .showHelpAfterError("(--help says what is possible)");
  for (const make of commands) program.addCommand(make(terminal));
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
    command.copyInheritedSettings(program);
  }
  try {
    await program.parseAsync(argv, { from: "user" });
    return terminal.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.failed;
    terminal.err(`dygateway: ${messageOf(error)}`);
    return exitCodes.failed;
  }
}

/** A defect of ours shows its stack only when asked for: DYGATEWAY_DEBUG=1. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected = error instanceof CommandFailure;
  return !isExpected && process.env["DYGATEWAY_DEBUG"] === "1" ? (error.stack ?? error.message) : error.message;
}
