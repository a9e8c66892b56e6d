import type { Command } from "commander";
import { addLbs, deleteLbs } from "../lvs/edit/edits.ts";
import type { LbDocument } from "../lvs/inventory/schema.ts";
import { commandGroup } from "./command_group.ts";
import { readItems } from "./lvs_items.ts";
import { changingCommand, editInventory, listed, type LvsOptions } from "./lvs_session.ts";
import { exitCodesHelp } from "./outcome.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway lvs lb add hy-outer lb2.json
  dygateway lvs lb add hy-inner --hostname lb1.hy01 --routerid 10.0.19.2 \\
    --internalip 10.0.19.2 --internalnetmask 255.255.255.224 \\
    --internalgateway 10.0.19.1 --ospfnet 10.0.19.0/27
  dygateway lvs lb delete hy-outer lb2.hy01
${exitCodesHelp}`;

export function lvsLbCommand(terminal: Terminal): Command {
  const commands = [addCommand, deleteCommand];
  return commandGroup("lb", "add and delete load balancers", examples, commands.map((make) => make(terminal)));
}

/** The fields of a load balancer, each an option of its own. */
const fields = [
  ["hostname", "host name"],
  ["routerid", "one of its addresses"],
  ["internalip", "internal address"],
  ["internalnetmask", "its mask, dotted"],
  ["internalgateway", "its gateway"],
  ["extraip", "external address (type extra)"],
  ["extranetmask", "its mask, dotted"],
  ["extragateway", "its gateway"],
  ["ospfnet", "the subnet of the uplink"],
] as const;

type AddOptions = LvsOptions & Readonly<Partial<Record<(typeof fields)[number][0], string>>> & { readonly localAddresses?: readonly string[] };

function addCommand(terminal: Terminal): Command {
  const command = changingCommand("add")
    .summary("add load balancers")
    .description("add load balancers: from a file with one or a list, or one by options")
    .argument("<cluster>")
    .argument("[file]", "- for stdin");
  for (const [field, words] of fields) command.option(`--${field} <value>`, words);
  return command
    .option("--local-addresses <ranges>", "FNAT: as 10.0.19.5-20 (default: the subnet)", listed)
    .action(async (cluster: string, file: string | undefined, options: AddOptions) => {
      const lbs = file === undefined ? [lbOf(options)] : (readItems(file) as LbDocument[]);
      // Without a host name nothing tells one load balancer from another.
      if (!lbs.every((lb) => typeof (lb as unknown) === "object" && typeof (lb as Partial<LbDocument> | null)?.hostname === "string")) {
        throw new CommandFailure("a load balancer needs a hostname: name a file, or --hostname");
      }
      await editInventory("lvs_lb_add", cluster, addLbs(lbs), options, terminal);
    });
}

function lbOf(options: AddOptions): LbDocument {
  const given = fields.flatMap(([field]) => (options[field] === undefined ? [] : [[field, options[field]]]));
  const { localAddresses } = options;
  return Object.fromEntries(localAddresses === undefined ? given : [...given, ["local_addresses", localAddresses]]) as LbDocument;
}

function deleteCommand(terminal: Terminal): Command {
  return changingCommand("delete")
    .summary("delete load balancers")
    .description("delete load balancers, all or none of them; the machines are not touched")
    .argument("<cluster>")
    .argument("<hostname...>")
    .action(async (cluster: string, hostnames: readonly string[], options: LvsOptions) => {
      await editInventory("lvs_lb_delete", cluster, deleteLbs(hostnames), options, terminal);
    });
}
