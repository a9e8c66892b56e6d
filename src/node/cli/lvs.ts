import { Command } from "commander";
import { lvsCheckCommand } from "./lvs_check.ts";
import { lvsClusterCommand } from "./lvs_cluster.ts";
import { lvsDriftCommand } from "./lvs_drift.ts";
import { lvsLbCommand } from "./lvs_lb.ts";
import { lvsPlanCommand } from "./lvs_plan.ts";
import { lvsPortCommand } from "./lvs_port.ts";
import { lvsRenderCommand } from "./lvs_render.ts";
import { lvsRollbackCommand } from "./lvs_rollback.ts";
import { lvsSyncCommand } from "./lvs_sync.ts";
import { lvsVipCommand } from "./lvs_vip.ts";
import { lvsWsCommand } from "./lvs_ws.ts";
import { lvsWstypeCommand } from "./lvs_wstype.ts";
import type { Terminal } from "./terminal.ts";

/** What there is below `dygateway lvs`: one file that makes it, one line here. */
const commands: readonly ((terminal: Terminal) => Command)[] = [
  lvsClusterCommand,
  lvsVipCommand,
  lvsLbCommand,
  lvsWsCommand,
  lvsPortCommand,
  lvsWstypeCommand,
  lvsRenderCommand,
  lvsCheckCommand,
  lvsPlanCommand,
  lvsSyncCommand,
  lvsRollbackCommand,
  lvsDriftCommand,
];

const examples = `
Examples:
  dygateway lvs cluster list
  dygateway lvs cluster show hy-outer
  dygateway lvs vip add hy-outer 60.28.208.3 --wstype apps \\
    --ws nginx1.hy01 --port 80
  dygateway lvs ws add hy-outer 60.28.208.3 nginx2.hy01
  dygateway lvs plan hy-outer
  dygateway lvs sync hy-outer --canary lb1.hy01`;

export function lvsCommandGroup(terminal: Terminal): Command {
  const group = new Command("lvs").description("clusters of LVS machines: inventory and files").addHelpText("after", examples);
  for (const make of commands) group.addCommand(make(terminal));
  return group;
}
