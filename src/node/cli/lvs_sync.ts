import { InvalidArgumentError, type Command } from "commander";
import { syncCluster, type Planned } from "../lvs/push/cluster_push.ts";
import type { LbOutcome } from "../lvs/push/sync.ts";
import { print } from "./lvs_report.ts";
import { exitWith, openPushSession, remark, valueOr, whileWatched } from "./lvs_push_session.ts";
import { planData, planText } from "./lvs_plan_text.ts";
import { showPlan } from "./lvs_plan.ts";
import { reloadText } from "./lvs_reload_text.ts";
import { lvsCommand } from "./lvs_session.ts";
import type { CommonOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface SyncOptions extends CommonOptions {
  readonly canary?: string;
  readonly parallel?: number;
  readonly dryRun: boolean;
}

export function lvsSyncCommand(terminal: Terminal): Command {
  return lvsCommand("sync")
    .description("put a cluster's files on its load balancers: one first, then the rest; nothing is reloaded")
    .argument("<cluster>")
    .option("--canary <host>", "the load balancer that is changed and verified first (default: the first that differs)")
    .option("--parallel <n>", "load balancers at once after that (default: lvs.push.parallel)", parallelNumber)
    .option("--dry-run", "only show what would be changed, as `lvs plan`", false)
    .action(async (name: string, options: SyncOptions) => {
      if (options.dryRun) await showPlan(name, options, terminal);
      else await sync(name, options, terminal);
    });
}

function parallelNumber(text: string): number {
  if (/^[1-9][0-9]?$/.test(text) && Number(text) <= 64) return Number(text);
  throw new InvalidArgumentError("a number from 1 to 64 is expected");
}

async function sync(name: string, options: SyncOptions, terminal: Terminal): Promise<void> {
  const { site, actor } = openPushSession(options, terminal);
  let seen: Planned | undefined;
  const onPlan = (planned: Planned): void => {
    seen = planned;
    remark(planned.remarks, terminal);
    if (!options.json) terminal.out(planText(planned.plans));
  };
  const settings = { canary: options.canary, parallel: options.parallel ?? site.parallel, onPlan };
  const ended = await whileWatched(terminal, options, (run) => syncCluster(site, name, settings, actor, run));
  const done = valueOr(ended, options, terminal);
  if (done === undefined || seen === undefined) return;
  const { cluster, plans } = seen;
  const text = [outcomeText(done.outcomes), ...reloadText(cluster.dialect, plans, done.outcomes, site.workshop.layout.root)].join("\n");
  print(text, { cluster: name, lbs: done.outcomes, plan: plans.map(planData), remarks: done.remarks }, options, terminal);
  exitWith(done.outcomes.every(isFine), terminal);
}

export const isFine = ({ outcome }: LbOutcome): boolean => outcome !== "failed" && outcome !== "skipped";

export function outcomeText(outcomes: readonly LbOutcome[]): string {
  const kinds = ["updated", "rolled back", "unchanged", "failed", "skipped"] as const;
  const counts = kinds.map((kind) => [kind, outcomes.filter(({ outcome }) => outcome === kind).length] as const);
  const words = counts.filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
  return `${outcomes.length} load balancers: ${words.join(", ")}`;
}
