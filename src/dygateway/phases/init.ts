import { restoreHealth } from "../gateway/health/health_file.ts";
// What requests run: loaded once for all workers, and a fault of it keeps nginx from starting. Rendered configurations take
// the phases from `package.loaded`, which costs a request less than `require`.
import "../gateway/rewrite.ts";
import "./balancer.ts";
import "./log.ts";
import "./rewrite.ts";
import "./set.ts";
import { enableAgent } from "../gateway/agent.ts";
import { confToWrite } from "../gateway/conf_writer.ts";
import { loadSettings } from "../gateway/node_settings.ts";
import { readSeq } from "../gateway/shared_state.ts";
import { restoreState } from "../gateway/state_files.ts";
import { loadStaticUpstreams } from "../gateway/static_upstreams.ts";

/**
 * For `init_by_lua_block`: reads the settings and, when nginx starts rather than reloads, the last good state from disk,
 * so that the first request is diverted already.
 *
 * @param settingsPath the dygateway.json that `dygateway render` wrote.
 * @throws when the settings cannot be used: nginx says why and does not start.
 */
export function start(settingsPath: string): void {
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
