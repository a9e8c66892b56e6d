import type { Command } from "commander";
import { addVips, changeWstype, deleteVips } from "../lvs/edit/edits.ts";
import type { VipDocument } from "../lvs/inventory/schema.ts";
import { commandGroup } from "./command_group.ts";
import { portDocument, realServerDocument } from "./lvs_items.ts";
import { changingCommand, editInventory, listed, type LvsOptions } from "./lvs_session.ts";
import { exitCodesHelp } from "./outcome.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway lvs vip add hy-outer 60.28.208.3 60.28.208.4 --wstype apps \\
    --ws nginx1.hy01,nginx2.hy01=10 --port 80 --port 443:8443
  dygateway lvs vip delete hy-outer 60.28.208.3 60.28.208.4
  dygateway lvs vip wstype hy-outer 60.28.208.3 search
${exitCodesHelp}`;

export function lvsVipCommand(terminal: Terminal): Command {
  const commands = [addCommand, deleteCommand, wstypeCommand];
  return commandGroup("vip", "add and delete VIPs", examples, commands.map((make) => make(terminal)));
}

interface AddOptions extends LvsOptions {
  readonly wstype: string;
  readonly ws: readonly string[];
  readonly port: readonly string[];
}

function addCommand(terminal: Terminal): Command {
  return changingCommand("add")
    .summary("add VIPs")
    .description("add VIPs, each with the same real servers and ports")
    .argument("<cluster>")
    .argument("<vip...>")
    .requiredOption("--wstype <wstype>", "what the nginx machines are for")
    .requiredOption("--ws <names>", "real servers: name, or name=weight", listed)
    .requiredOption("--port <ports>", "sport, or sport:dport", listed)
    .action(async (cluster: string, addresses: readonly string[], options: AddOptions) => {
      const wss = options.ws.map(realServerDocument);
      const ports = options.port.map((text) => portDocument(text));
      const vips = addresses.map((vip): VipDocument => ({ vip, wstype: options.wstype, wss, ports }));
      await editInventory("lvs_vip_add", cluster, addVips(vips), options, terminal);
    });
}

function deleteCommand(terminal: Terminal): Command {
  return changingCommand("delete")
    .summary("delete VIPs")
    .description("delete VIPs, all or none of them")
    .argument("<cluster>")
    .argument("<vip...>")
    .action(async (cluster: string, addresses: readonly string[], options: LvsOptions) => {
      await editInventory("lvs_vip_delete", cluster, deleteVips(addresses), options, terminal);
    });
}

function wstypeCommand(terminal: Terminal): Command {
  return changingCommand("wstype")
    .summary("change a VIP's wstype")
    .description("say that the nginx machines of a VIP are for something else")
    .argument("<cluster>")
    .argument("<vip>")
    .argument("<wstype>")
    .action(async (cluster: string, vip: string, wstype: string, options: LvsOptions) => {
      await editInventory("lvs_vip_wstype", cluster, changeWstype(vip, wstype), options, terminal);
    });
}
