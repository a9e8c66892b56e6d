import { Command, InvalidArgumentError, Option } from "commander";
import { roles, type Role } from "../manager/auth/roles.ts";
import { TokenFile } from "../manager/auth/token_file.ts";
import { newToken, tokenName } from "../manager/auth/tokens.ts";
import { commandGroup } from "./command_group.ts";
import { commonConfig, type CommonOptions } from "./session.ts";
import { tableText } from "./table.ts";
import { CommandFailure, exitCodes, type Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway manager token create ann --role operator
  dygateway manager token create nginx-machines --role viewer --days 365
  dygateway manager token list
  dygateway manager token revoke ann

The token is printed once; only its hash is kept (tokens.json in manager.state).
viewer reads, operator also changes clusters and syncs, admin also deletes
clusters and registers wstypes. The name stands in the audit stream.`;

interface CreateOptions extends CommonOptions {
  readonly role: Role;
  readonly days?: number;
}

function days(text: string): number {
  const value = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  if (value === 0) throw new InvalidArgumentError("a number of days is expected");
  return value;
}

function name(text: string): string {
  const problem = tokenName.safeParse(text).error?.issues[0]?.message;
  if (problem !== undefined) throw new InvalidArgumentError(`it ${problem}`);
  return text;
}

/** `-c` is the manager's own, wherever it stands. */
const tokenCommand = (words: string): Command => new Command(words).option("--json", "print the answer as JSON", false);

const tokensOf = (options: CommonOptions, terminal: Terminal): TokenFile => new TokenFile(commonConfig(options, terminal).config.manager.state);

export function managerTokenCommand(terminal: Terminal): Command {
  return commandGroup("token", "who may use the service", examples, [create(terminal), list(terminal), revoke(terminal)]);
}

function create(terminal: Terminal): Command {
  return tokenCommand("create")
    .summary("make a token and print it, once")
    .argument("<name>", "a person or a program", name)
    .addOption(new Option("--role <role>", "what it may do").choices(roles).makeOptionMandatory())
    .option("--days <n>", "how long it is valid (default: until it is revoked)", days)
    .action((tokenOf: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const { text, entry } = newToken(tokenOf, options.role, new Date(), options.days);
      tokensOf(options, terminal).change((entries) => {
        if (entries.some((other) => other.name === tokenOf)) throw new CommandFailure(`there is a token ${tokenOf} already; revoke it first`);
        return [...entries, entry];
      });
      terminal.out(options.json ? JSON.stringify({ name: tokenOf, role: entry.role, expires: entry.expires, token: text }) : text);
    });
}

function list(terminal: Terminal): Command {
  return tokenCommand("list")
    .summary("show the tokens; not the tokens themselves, which nobody has")
    .action((_own: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const tokens = tokensOf(options, terminal).read().map((entry) => ({
        name: entry.name,
        role: entry.role,
        created: entry.created,
        expires: entry.expires,
      }));
      const rows = tokens.map(({ name: tokenOf, role, created, expires }) => [tokenOf, role, created.slice(0, 10), expires?.slice(0, 10) ?? "-"]);
      if (options.json) terminal.out(JSON.stringify(tokens));
      else terminal.out(rows.length === 0 ? "there are no tokens" : tableText(["NAME", "ROLE", "CREATED", "EXPIRES"], rows));
    });
}

function revoke(terminal: Terminal): Command {
  return tokenCommand("revoke")
    .summary("make a token invalid, at once")
    .argument("<name>", "the token's name")
    .action((tokenOf: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      const tokens = tokensOf(options, terminal);
      const isThere = tokens.read().some((entry) => entry.name === tokenOf);
      if (isThere) tokens.change((entries) => entries.filter((entry) => entry.name !== tokenOf));
      const text = isThere ? `token ${tokenOf} revoked` : `there is no token ${tokenOf}`;
      terminal.out(options.json ? JSON.stringify({ revoked: isThere }) : text);
      if (!isThere) terminal.exitCode = exitCodes.differs;
    });
}
