import type { Command } from "commander";
import { commandGroup } from "./command_group.ts";
import { createCommand, deleteCommand, importCommand, revertCommand } from "./lvs_cluster_change.ts";
import { editCommand } from "./lvs_cluster_edit.ts";
import { exportCommand, listCommand, showCommand, versionsCommand } from "./lvs_cluster_read.ts";
import { validateCommand } from "./lvs_cluster_validate.ts";
import { exitCodesHelp } from "./outcome.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway lvs cluster list
  dygateway lvs cluster show hy-outer
  dygateway lvs cluster validate hy-outer.json
  dygateway lvs cluster create hy-outer.json
  dygateway lvs cluster create --name hy-inner --type internal --device bond0 \\
    --vipnets 10.9.0.0/24
  dygateway lvs cluster edit hy-outer
  dygateway lvs cluster edit hy-outer --set scheduler=wlc --set ospf.cost=20
  dygateway lvs cluster export hy-outer > hy-outer.json
  dygateway lvs cluster import hy-outer.json --expect 7
  dygateway lvs cluster versions hy-outer
  dygateway lvs cluster revert hy-outer 6
  dygateway lvs cluster delete hy-outer --allow-removal
${exitCodesHelp}`;

export function lvsClusterCommand(terminal: Terminal): Command {
  const commands = [
    listCommand,
    showCommand,
    validateCommand,
    createCommand,
    editCommand,
    deleteCommand,
    importCommand,
    exportCommand,
    versionsCommand,
    revertCommand,
  ];
  return commandGroup("cluster", "create, show, change and delete clusters", examples, commands.map((make) => make(terminal)));
}
