import type { Command } from "commander";
import { rollBackCluster } from "../lvs/push/cluster_push.ts";
import { print } from "./lvs_report.ts";
import { exitWith, openPushSession, valueOr, whileWatched } from "./lvs_push_session.ts";
import { listed, lvsCommand } from "./lvs_session.ts";
import { isFine, outcomeText } from "./lvs_sync.ts";
import type { CommonOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface RollbackOptions extends CommonOptions {
  readonly lb?: readonly string[];
}

export function lvsRollbackCommand(terminal: Terminal): Command {
  return lvsCommand("rollback")
    .description("put the release before back on load balancers; nothing is reloaded, and the inventory stays as it is")
    .argument("<cluster>")
    .option("--lb <host>", "only this load balancer; may be given several times", listed)
    .action(async (name: string, options: RollbackOptions) => {
      const { site, actor } = openPushSession(options, terminal);
      const ended = await whileWatched(terminal, options, (run) => rollBackCluster(site, name, options.lb ?? [], actor, run));
      const done = valueOr(ended, options, terminal);
      if (done === undefined) return;
      const advice = done.outcomes.some(isFine)
        ? ["nothing was reloaded; `lvs sync` of an earlier version says what is to be run", "the next sync puts the inventory's files back"]
        : [];
      print([outcomeText(done.outcomes), ...advice].join("\n"), { cluster: name, lbs: done.outcomes }, options, terminal);
      exitWith(done.outcomes.every(isFine), terminal);
    });
}
