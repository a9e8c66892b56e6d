import { LEASE_LOST } from "./leader.ts";
import { logErrorSometimes } from "./log.ts";
import type { Pause } from "../core/result.ts";
import { stateSaver } from "./state_files.ts";
import { isOvertaken, readPosition, writeSnapshotReport } from "./shared_state.ts";

/** Seconds between two writings of the state, so that many small changes are not as many files. */
const SAVE_SECONDS = 0.5;
/** Writing takes at most this part of a worker's time, also with ten thousand runtimes and a change every moment. */
const SHARE = 0.1;

/** Keeps the files on disk up with what is published. */
export interface StateKeeper {
  readonly changed: (this: void) => void;
  /** Writes if there is something to write and the last time is long enough ago. @throws LEASE_LOST */
  readonly save: (this: void) => void;
}

/** @param dir "" keeps nothing. */
export function createStateKeeper(dir: string, pause: Pause): StateKeeper {
  let dirty = true;
  let triedAt = 0;
  let waitSeconds = SAVE_SECONDS;
  const saveState = stateSaver(dir, pause);
  return {
    changed: () => {
      dirty = true;
    },
    save: () => {
      const now = ngx.now();
      const position = readPosition();
      if (dir === "" || !dirty || position.seq === 0 || now - triedAt < waitSeconds || isOvertaken(position.seq)) {
        return;
      }
      triedAt = now;
      const [saved, reason] = pcall(() => {
        saveState(position);
      });
      if (!saved && (reason as unknown) === LEASE_LOST) {
        throw LEASE_LOST;
      }
      waitSeconds = Math.max(SAVE_SECONDS, (ngx.now() - now) / SHARE);
      dirty = !saved || readPosition().seq !== position.seq;
      const problem = saved ? "" : tostring(reason);
      if (!saved) {
        logErrorSometimes("snapshot", `the snapshot in ${dir} could not be written: ${problem}`);
      }
      writeSnapshotReport({ revision: saved ? position.revision : -1, problem, time: ngx.now() });
    },
  };
}
