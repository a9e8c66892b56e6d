import { LEASE_LOST } from "./leader.ts";
import { logErrorSometimes } from "./log.ts";
import type { Pause } from "../core/result.ts";
import { stateSaver } from "./state_saver.ts";
import { readSnapshotReport, slowestSeq, wasConfirmed, writeSnapshotReport } from "./shared_reports.ts";
import { isOvertaken, readSeq } from "./shared_state.ts";
import type { StatePosition } from "./shared_state.ts";

/** Seconds between two writings of the state, so that many small changes are not as many files. */
const SAVE_SECONDS = 0.5;
/** How long it waits for workers that are behind. */
const WAIT_SECONDS = 10;
/** Writing takes at most this part of a worker's time, also with ten thousand runtimes and a change every moment. */
const SHARE = 0.1;

/** Keeps the files on disk up with what is published. */
export interface StateKeeper {
  readonly changed: (this: void) => void;
  /**
   * Writes if there is something to write and the last time is long enough ago. Steps may be published meanwhile.
   * @throws LEASE_LOST
   */
  readonly save: (this: void) => void;
  /** Whether what is published, also what was a moment ago, is being read and must stay. */
  readonly isReading: (this: void) => boolean;
}

/** Whether a leader before this one has written what is in force now: a second time it would only take the place of the state before. */
function isSaved(dir: string): boolean {
  const report = readSnapshotReport();
  return report?.dir === dir && report.seq !== 0 && report.seq === readSeq();
}

/** @param dir "" keeps nothing. */
export function createStateKeeper(dir: string, pause: Pause): StateKeeper {
  let dirty = !isSaved(dir);
  let triedAt = 0;
  let waitSeconds = SAVE_SECONDS;
  let reading = false;
  /** The step that workers are waited for to reach, and since when; 0 where they are not. */
  let awaited = 0;
  let awaitedSince = 0;
  const saver = stateSaver(dir, pause);

  function write(): StatePosition {
    reading = true;
    const [collected, state] = pcall(saver.collect);
    reading = false;
    if (!collected) {
      throw state;
    }
    saver.write(state);
    return state.position;
  }

  /** Workers that take over what is published need the machine more: a start, or a large policy, is through sooner. */
  function isWaiting(seq: number): boolean {
    if (awaited === 0) {
      awaited = seq;
      awaitedSince = ngx.now();
    }
    if (slowestSeq() < awaited && ngx.now() - awaitedSince < WAIT_SECONDS) {
      return true;
    }
    awaited = 0;
    return false;
  }

  return {
    changed: () => {
      dirty = true;
    },
    save: () => {
      const now = ngx.now();
      const seq = readSeq();
      if (dir === "" || !dirty || seq === 0 || now - triedAt < waitSeconds || isOvertaken(seq) || !wasConfirmed()) {
        return;
      }
      if (isWaiting(seq)) {
        return;
      }
      triedAt = now;
      const [saved, outcome] = pcall(write);
      if (!saved && (outcome as unknown) === LEASE_LOST) {
        throw LEASE_LOST;
      }
      ngx.update_time();
      waitSeconds = Math.max(SAVE_SECONDS, (ngx.now() - now) / SHARE);
      dirty = !saved || readSeq() !== outcome.seq;
      const problem = saved ? "" : tostring(outcome);
      if (!saved) {
        logErrorSometimes("snapshot", `the snapshot in ${dir} could not be written: ${problem}`);
      }
      writeSnapshotReport({ dir, revision: saved ? outcome.revision : -1, seq: saved ? outcome.seq : 0, problem, time: ngx.now() });
    },
    isReading: () => reading,
  };
}
