import { LEASE_LOST } from "./leader.ts";
import { logErrorSometimes } from "./log.ts";

/** Until work that an error has ended begins again. */
const RESTART_SECONDS = 1;

/** @param ends whether it is to return, and what it has left running with it. */
export type LightWork = (this: void, ends: (this: void) => boolean) => void;

/** Work beside the one that makes them, in light threads of their own; what ends by an error is begun again. */
export interface LightThreads {
  /** Work that may be broken off wherever it waits. */
  readonly spawn: (this: void, what: string, work: LightWork) => void;
  /** Work that has to finish what it has begun, or has light threads of its own, which nobody else can break off. */
  readonly spawnFinishing: (this: void, what: string, work: LightWork) => void;
  /** To be called once `stopping` says so: waits for those that finish, and breaks off the others. */
  readonly end: (this: void) => void;
}

export function lightThreads(stopping: (this: void) => boolean): LightThreads {
  const finishing: ngx.Thread[] = [];
  const others: ngx.Thread[] = [];

  function begin(what: string, work: LightWork): ngx.Thread {
    return ngx.thread.spawn(() => {
      while (!stopping()) {
        let failed = false;
        const [ran, reason] = pcall(work, () => failed || stopping());
        if (ran || (reason as unknown) === LEASE_LOST) {
          return;
        }
        // What it has left running ends, too.
        failed = true;
        logErrorSometimes(`${what} broke off`, `${what} broke off and begins again: ${tostring(reason)}`);
        ngx.sleep(RESTART_SECONDS);
      }
    });
  }

  return {
    spawn: (what, work) => {
      others.push(begin(what, work));
    },
    spawnFinishing: (what, work) => {
      finishing.push(begin(what, work));
    },
    end: () => {
      for (const thread of finishing) {
        ngx.thread.wait(thread);
      }
      for (const thread of others) {
        ngx.thread.kill(thread);
      }
    },
  };
}
