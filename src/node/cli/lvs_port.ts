import type { Command } from "commander";
import { addPorts, deletePorts, modifyPort } from "../lvs/edit/edits.ts";
import { commandGroup } from "./command_group.ts";
import { numberOrText, portDocument } from "./lvs_items.ts";
import { portFields, portOptions, type PortOptions } from "./lvs_port_options.ts";
import { changingCommand, editInventory, type LvsOptions } from "./lvs_session.ts";
import { exitCodesHelp } from "./outcome.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway lvs port add hy-outer 60.28.208.1 8080 8443:443 --synproxy 1
  dygateway lvs port modify hy-outer 60.28.208.1 80 --check http \\
    --check-path /health --check-status 200
  dygateway lvs port delete hy-outer 60.28.208.1 8080 8443
${exitCodesHelp}`;

export function lvsPortCommand(terminal: Terminal): Command {
  const commands = [addCommand, modifyCommand, deleteCommand];
  return commandGroup("port", "add, change and delete ports of a VIP", examples, commands.map((make) => make(terminal)));
}

interface ModifyOptions extends LvsOptions, PortOptions {
  readonly sport?: string;
  readonly dport?: string;
}

function addCommand(terminal: Terminal): Command {
  return portOptions(changingCommand("add"))
    .description("add ports to a VIP")
    .argument("<cluster>")
    .argument("<vip>")
    .argument("<port...>", "sport, or sport:dport")
    .action(async (cluster: string, vip: string, ports: readonly string[], options: LvsOptions & PortOptions) => {
      const more = portFields(options);
      await editInventory("lvs_port_add", cluster, addPorts(vip, ports.map((text) => portDocument(text, more))), options, terminal);
    });
}

function modifyCommand(terminal: Terminal): Command {
  return portOptions(changingCommand("modify"))
    .summary("change a port")
    .description("change a port of a VIP; what is not named stays, a check is replaced as a whole")
    .argument("<cluster>")
    .argument("<vip>")
    .argument("<sport>")
    .option("--sport <port>", "move it to another port")
    .option("--dport <port>", "the real servers' port")
    .action(async (cluster: string, vip: string, sport: string, options: ModifyOptions) => {
      const moved = {
        ...(options.sport === undefined ? {} : { sport: numberOrText(options.sport) }),
        ...(options.dport === undefined ? {} : { dport: numberOrText(options.dport) }),
      };
      const changes = { ...moved, ...portFields(options) };
      if (Object.keys(changes).length === 0) throw new CommandFailure("nothing to change is named; --help says what can be");
      await editInventory("lvs_port_modify", cluster, modifyPort(vip, numberOrText(sport), changes), options, terminal);
    });
}

function deleteCommand(terminal: Terminal): Command {
  return changingCommand("delete")
    .summary("delete ports")
    .description("delete ports of a VIP, all or none of them")
    .argument("<cluster>")
    .argument("<vip>")
    .argument("<sport...>")
    .action(async (cluster: string, vip: string, sports: readonly string[], options: LvsOptions) => {
      await editInventory("lvs_port_delete", cluster, deletePorts(vip, sports.map(numberOrText)), options, terminal);
    });
}
