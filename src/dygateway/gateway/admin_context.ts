import type { Pause } from "../core/result.ts";
import type { ChangeContext } from "../core/store/transaction.ts";
import type { Keys } from "../core/store/keys.ts";
import type { Settings } from "../core/settings.ts";
import type { AdminParameters } from "./admin_request.ts";
import { readStoreReport, readWorkerReports } from "./shared_reports.ts";
import { readPosition } from "./shared_state.ts";

/** What an action is given. */
export interface AdminContext {
  readonly settings: Settings;
  readonly keys: Keys;
  readonly parameters: AdminParameters;
  readonly change: ChangeContext;
  readonly pause: Pause;
}

let counter = 0;

/** A text unlike any other change's: node-wide by process and count, beyond it by time and chance. */
export function newNonce(): string {
  counter++;
  const chance = math.floor(math.random() * 4294967296);
  return string.format("%x-%x-%x-%x", ngx.worker.pid(), math.floor(ngx.now() * 1000), counter, chance);
}

export function changeContext(keys: Keys, from: string, who: string, pause: Pause): ChangeContext {
  return {
    keys,
    who,
    from,
    now: string.format("%.0f", ngx.now() * 1000),
    nonce: newNonce(),
    pause,
    knownRevision: readPosition().revision,
  };
}

/** A worker that has not said anything for so long is not waited for. */
const ALIVE_SECONDS = 1;
/** Small changes take a few hundredths of a second. */
const WAIT_SECONDS = 2;
/** A policy with a million uids takes a few seconds to load; as long as nothing is wrong it is waited for. */
const PATIENT_WAIT_SECONDS = 30;
const LOOK_SECONDS = 0.003;

export interface Applied {
  readonly workers: number;
  readonly applied: number;
}

function count(revision: number): Applied {
  let workers = 0;
  let applied = 0;
  for (const report of readWorkerReports()) {
    if (ngx.now() - report.time < ALIVE_SECONDS) {
      workers++;
      if (report.revision >= revision) {
        applied++;
      }
    }
  }
  return { workers, applied };
}

/**
 * Waits until every worker of this node that is alive has a revision in force, so that whoever is answered sees the
 * change; not longer than it usually takes many times over. Other nodes follow on their own.
 */
export function waitUntilApplied(revision: number): Applied {
  ngx.update_time();
  const started = ngx.now();
  const isWorthWaiting = (): boolean => {
    const waited = ngx.now() - started;
    return waited < WAIT_SECONDS || (waited < PATIENT_WAIT_SECONDS && readStoreReport()?.problem === "");
  };
  let state = count(revision);
  while (state.applied < state.workers && isWorthWaiting()) {
    ngx.sleep(LOOK_SECONDS);
    state = count(revision);
  }
  return state;
}
