import { isAgent, startAgent } from "../gateway/agent.ts";
import { isHealthDue, tickHealth } from "../gateway/health/tick.ts";
import { giveUpLease, leaderPid, tryLead } from "../gateway/leader.ts";
import { logError } from "../gateway/log.ts";
import { pacer } from "../gateway/pace.ts";
import { answerQuestions, isAsked } from "../gateway/peer_reports.ts";
import { followStore } from "../gateway/sync.ts";
import { catchUpAtStart, hasNothingYet, isTickDue, leave, tick } from "../gateway/worker.ts";

/** Seconds between two looks at the shared dict; a change reaches a worker within this and its own work. */
const TICK_SECONDS = 0.02;
/** Seconds between two attempts to lead a node that may have no leader. */
const LEAD_SECONDS = 0.25;

let leading = false;

function lead(premature: boolean): void {
  if (premature || leading || !tryLead()) {
    return;
  }
  leading = true;
  const [followed, reason] = pcall(followStore);
  if (!followed) {
    logError(`the leading worker stopped following Redis and will start again: ${tostring(reason)}`);
  }
  giveUpLease();
  leading = false;
  if (followed && !ngx.worker.exiting()) {
    // It may be time to begin anew: at once, if no other worker does.
    ngx.timer.at(0, lead);
  }
}

/** Three looks into the shared dict, in compiled code: most ticks are no more than that. */
function isAnythingDue(): boolean {
  return isTickDue() || isHealthDue() || isAsked();
}

/** For `init_worker_by_lua_block`: takes over the node's state before the first request, then follows it. */
export function start(): void {
  if (isAgent()) {
    startAgent();
  }
  if (ngx.worker.id() === undefined) {
    return;
  }
  // Forked from one process: every worker would draw the same numbers.
  math.randomseed(ngx.now() * 1000 + ngx.worker.pid());
  catchUpAtStart();
  ngx.timer.every(TICK_SECONDS, (premature) => {
    if (premature) {
      leave();
    } else if (isAnythingDue()) {
      const pause = pacer(hasNothingYet);
      tick(pause);
      tickHealth(pause);
      answerQuestions(pause);
    }
  });
  ngx.timer.every(LEAD_SECONDS, lead);
  if (leaderPid() === undefined) {
    // In a dead leader's place others try first: they know of peers what is on no record yet.
    ngx.timer.at(0, lead);
  }
}
