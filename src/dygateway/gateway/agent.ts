import { confToWrite, createConfWriter } from "./conf_writer.ts";
import { logError } from "./log.ts";
import { pacer } from "./pace.ts";
import { processModule } from "./platform.ts";

/**
 * nginx's privileged agent: a process that runs as the master's user and serves no requests. It writes upstream.conf, so
 * that workers need not be allowed to write below nginx's configuration. OpenResty has it; where nginx is built without,
 * the leading worker writes.
 */
const CONNECTIONS = 16;
const LOOK_SECONDS = 0.05;

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

/** The agent's work, for its init_worker phase. */
export function startAgent(): void {
  const path = confToWrite();
  let busy = false;
  let pause = pacer();
  const writer = createConfWriter(path, true, () => {
    pause();
  });
  ngx.timer.every(LOOK_SECONDS, (premature) => {
    if (premature || busy) {
      return;
    }
    busy = true;
    pause = pacer();
    const [ran, reason] = pcall(writer.save);
    busy = false;
    if (!ran) {
      logError(`writing ${path}: ${tostring(reason)}`);
    }
  });
}
