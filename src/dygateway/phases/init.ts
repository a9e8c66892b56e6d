import { restoreHealth } from "../gateway/health/health_file.ts";
// What requests run: loaded once for all workers, and a fault of it keeps nginx from starting.
import "../gateway/rewrite.ts";
import { pick } from "./balancer.ts";
import { finish, finishWhole } from "./log.ts";
import { balance as balanceInRewrite } from "./rewrite.ts";
import { balance, divert } from "./set.ts";
import { enableAgent } from "../gateway/agent.ts";
import { confToWrite } from "../gateway/conf_writer.ts";
import { loadSettings } from "../gateway/node_settings.ts";
import { readSeq } from "../gateway/shared_state.ts";
import { restoreState } from "../gateway/state_files.ts";
import { loadStaticUpstreams } from "../gateway/static_upstreams.ts";

/**
 * What rendered configurations call. A global is one look-up, in a table that all of nginx's Lua uses; those that lead to
 * `package.loaded["dygateway.phases.set"].divert` are four, in memory that no request before has touched. (Configurations
 * rendered by earlier versions do that, and go on to.)
 */
const globals: Record<string, unknown> = {
  dygateway_divert: divert,
  dygateway_balance: balance,
  dygateway_balance_in_rewrite: balanceInRewrite,
  dygateway_pick: pick,
  dygateway_finish: finish,
  dygateway_finish_whole: finishWhole,
};

/**
 * For `init_by_lua_block`: reads the settings and, when nginx starts rather than reloads, the last good state from disk,
 * so that the first request is diverted already.
 *
 * @param settingsPath the dygateway.json that `dygateway render` wrote.
 * @throws when the settings cannot be used: nginx says why and does not start.
 */
export function start(settingsPath: string): void {
  for (const [name, entry] of Object.entries(globals)) {
    rawset(_G as unknown as Record<string, unknown>, name, entry);
  }
  const { settings } = loadSettings(settingsPath);
  loadStaticUpstreams(settings.upstreams?.conf ?? "");
  if (confToWrite() !== "") {
    enableAgent();
  }
  if (settings.snapshotDir !== "" && readSeq() === 0) {
    restoreState(settings.snapshotDir);
    restoreHealth(settings.snapshotDir);
    // Workers are forked from here: what reading left behind would be each one's.
    collectgarbage("collect");
  }
}
