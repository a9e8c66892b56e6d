import type { Command } from "commander";
import { planCluster } from "../lvs/push/cluster_push.ts";
import { print } from "./lvs_report.ts";
import { exitWith, openPushSession, remark, valueOr, whileWatched } from "./lvs_push_session.ts";
import { planData, planText } from "./lvs_plan_text.ts";
import { lvsCommand } from "./lvs_session.ts";
import type { CommonOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";

export function lvsPlanCommand(terminal: Terminal): Command {
  return lvsCommand("plan")
    .description("show what a sync would change on each load balancer; exit code 1 if anything, or if one is not reached")
    .argument("<cluster>")
    .action(async (name: string, options: CommonOptions) => {
      await showPlan(name, options, terminal);
    });
}

/** Also what `sync --dry-run` does. */
export async function showPlan(name: string, options: CommonOptions, terminal: Terminal): Promise<void> {
  const { site } = openPushSession(options, terminal);
  const planned = valueOr(await whileWatched(terminal, options, (run) => planCluster(site, name, run)), options, terminal);
  if (planned === undefined) return;
  const { plans, remarks } = planned;
  remark(remarks, terminal);
  print(planText(plans), { cluster: name, lbs: plans.map(planData), remarks }, options, terminal);
  exitWith(plans.every(({ kind }) => kind === "unchanged"), terminal);
}
