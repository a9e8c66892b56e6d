import type { Command } from "commander";
import { addRealServers, deleteRealServers } from "../lvs/edit/edits.ts";
import { commandGroup } from "./command_group.ts";
import { realServerDocument } from "./lvs_items.ts";
import { changingCommand, editInventory, type LvsOptions } from "./lvs_session.ts";
import { exitCodesHelp } from "./outcome.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway lvs ws add hy-outer 60.28.208.1 nginx3.hy01 nginx4.hy01=10
  dygateway lvs ws delete hy-outer 60.28.208.1 nginx3.hy01
${exitCodesHelp}`;

export function lvsWsCommand(terminal: Terminal): Command {
  const commands = [addCommand, deleteCommand];
  return commandGroup("ws", "add and delete real servers of a VIP", examples, commands.map((make) => make(terminal)));
}

function addCommand(terminal: Terminal): Command {
  return changingCommand("add")
    .description("put nginx machines behind a VIP")
    .argument("<cluster>")
    .argument("<vip>")
    .argument("<name...>", "a name, or name=weight")
    .action(async (cluster: string, vip: string, names: readonly string[], options: LvsOptions) => {
      await editInventory("lvs_ws_add", cluster, addRealServers(vip, names.map(realServerDocument)), options, terminal);
    });
}

function deleteCommand(terminal: Terminal): Command {
  return changingCommand("delete")
    .summary("take machines from a VIP")
    .description("take nginx machines from a VIP, all or none of them")
    .argument("<cluster>")
    .argument("<vip>")
    .argument("<name...>")
    .action(async (cluster: string, vip: string, names: readonly string[], options: LvsOptions) => {
      await editInventory("lvs_ws_delete", cluster, deleteRealServers(vip, names), options, terminal);
    });
}
