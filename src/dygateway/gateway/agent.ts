import { confToWrite, createConfWriter } from "./conf_writer.ts";
import { isGone } from "./leader.ts";
import { logError } from "./log.ts";
import { pacer } from "./pace.ts";
import { dict, processModule } from "./platform.ts";

/**
 * nginx's privileged agent: a process that runs as the master's user and serves no requests. It writes upstream.conf, so
 * that workers need not be allowed to write below nginx's configuration. OpenResty has it; where nginx is built without,
 * the leading worker writes.
 */
const CONNECTIONS = 16;
const LOOK_SECONDS = 0.05;
/** Seconds after which an agent that neither writes nor leaves is not waited for. */
const TURN_SECONDS = 60;

let isEnabled = false;

/** To be called in the init phase. */
export function enableAgent(): void {
  const [enabled] = processModule.enable_privileged_agent(CONNECTIONS);
  isEnabled = enabled === true;
}

export function hasAgent(): boolean {
  return isEnabled;
}

export function isAgent(): boolean {
  return processModule.type() === "privileged agent";
}

/**
 * While nginx reloads there are two agents. The one that leaves may be writing what was in force, and must be through
 * before the next begins: it would put the older file in the place of the newer.
 */
function takeTurn(): boolean {
  const pid = ngx.worker.pid();
  const [holder] = dict().get("agent");
  if (typeof holder === "number" && holder !== pid) {
    if (!isGone(holder)) {
      return false;
    }
    dict().delete("agent");
  }
  const [added] = holder === pid ? dict().safe_set("agent", pid, TURN_SECONDS) : dict().safe_add("agent", pid, TURN_SECONDS);
  return added === true;
}

function giveUpTurn(): void {
  const [holder] = dict().get("agent");
  if (holder === ngx.worker.pid()) {
    dict().delete("agent");
  }
}

/** The agent's work, for its init_worker phase. */
export function startAgent(): void {
  const path = confToWrite();
  let busy = false;
  let pause = pacer();
  const writer = createConfWriter(path, true, () => {
    pause();
  });
  ngx.timer.every(LOOK_SECONDS, (premature) => {
    if (!busy && premature) {
      giveUpTurn();
    }
    if (busy || premature || !takeTurn()) {
      return;
    }
    busy = true;
    pause = pacer();
    const [ran, reason] = pcall(writer.save);
    busy = false;
    if (ngx.worker.exiting()) {
      giveUpTurn();
    }
    if (!ran) {
      logError(`writing ${path}: ${tostring(reason)}`);
    }
  });
}
