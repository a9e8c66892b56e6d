import type { Command } from "commander";
import { listWstypes, registerWstypes } from "../lvs/store/wstypes.ts";
import { commandGroup } from "./command_group.ts";
import { print, reportRefusal } from "./lvs_report.ts";
import { lvsCommand } from "./lvs_session.ts";
import { exitCodesHelp } from "./outcome.ts";
import { openSession, type CommonOptions } from "./session.ts";
import { tableText } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway lvs wstype list
  dygateway lvs wstype register apps search
  dygateway lvs wstype register apps --description "the app servers' nginx"
${exitCodesHelp}`;

export function lvsWstypeCommand(terminal: Terminal): Command {
  const commands = [listCommand, registerCommand];
  return commandGroup("wstype", "what nginx machines can be for", examples, commands.map((make) => make(terminal)));
}

function listCommand(terminal: Terminal): Command {
  return lvsCommand("list")
    .description("list the registered wstypes")
    .action(async (options: CommonOptions) => {
      const read = await openSession(options, terminal).read(listWstypes());
      if (!read.ok) {
        reportRefusal(read.error, options, terminal);
        return;
      }
      const rows = read.value.map(({ name, description }) => [name, description]);
      const text = rows.length === 0 ? "no wstype is registered" : tableText(["wstype", "description"], rows);
      print(text, { wstypes: read.value }, options, terminal);
    });
}

interface RegisterOptions extends CommonOptions {
  readonly description?: string;
}

function registerCommand(terminal: Terminal): Command {
  return lvsCommand("register")
    .description("register wstypes; one that is there gets the description")
    .argument("<wstype...>")
    .option("--description <text>", "what it is for")
    .action(async (names: readonly string[], options: RegisterOptions) => {
      const done = await openSession(options, terminal).change((context) => registerWstypes(context, names, options.description));
      if (!done.ok) {
        reportRefusal(done.error, options, terminal);
        return;
      }
      const { commands, revision, answer } = done.value;
      const list = names.join(", ");
      const text = commands.length === 0 ? `${list}: registered already; nothing was changed` : `registered: ${list} (revision ${revision})`;
      print(text, { revision, changed: commands.length > 0, wstypes: answer }, options, terminal);
    });
}
