import type { Pause } from "../core/result.ts";
import { dict } from "./platform.ts";

/** Seconds after which a leader that says nothing is replaced. */
const LEASE_SECONDS = 2;

/** No such process (errno(3)). */
const ESRCH = 3;

interface Ffi {
  readonly C: { dygateway_kill(this: void, pid: number, signal: number): number };
  cdef(this: void, declarations: string): void;
  errno(this: void): number;
}

declare function require(this: void, name: string): Ffi;

const ffi = require("ffi");
ffi.cdef('int dygateway_kill(int pid, int signal) __asm__("kill");');

export function isGone(pid: number): boolean {
  return ffi.C.dygateway_kill(pid, 0) !== 0 && ffi.errno() === ESRCH;
}

/**
 * One worker of a node talks to the store. It holds a lease in the shared dict: when it leaves with its nginx it gives
 * it up, when it died the next worker that looks takes over at once, and when it hangs the lease runs out. (Why not
 * always worker 0: ADR 0003.)
 */
export function tryLead(): boolean {
  const holder = leaderPid();
  if (holder !== undefined && isGone(holder)) {
    dict().delete("leader");
  }
  const [added] = dict().safe_add("leader", ngx.worker.pid(), LEASE_SECONDS);
  return added;
}

/** Prolongs the lease. @returns false where another worker has it by now: then this one must stop at once. */
function renewLease(): boolean {
  const pid = ngx.worker.pid();
  const holder = leaderPid();
  if (holder !== undefined && holder !== pid) {
    return false;
  }
  dict().safe_set("leader", pid, LEASE_SECONDS);
  return true;
}

/** Raised inside the leader's work when another worker has taken over. */
export const LEASE_LOST = "dygateway: the lease is lost";

const RENEW_SECONDS = 0.5;

export interface LeaseHolder {
  /** Makes sure of the lease before what only its holder may do. @throws LEASE_LOST */
  readonly renew: (this: void) => void;
  /**
   * Prolongs the lease until `stop` says so or it is lost. Runs as a light thread of its own: the work may wait for a
   * slow store, or between two attempts, for longer than the lease lasts.
   */
  readonly hold: (this: void, stop: (this: void) => boolean) => void;
  /** The pause of work that takes longer than the lease lasts. @param pace that work's own. @returns which @throws LEASE_LOST */
  readonly pausing: (this: void, pace: Pause) => Pause;
}

export function leaseHolder(): LeaseHolder {
  let renewedAt = 0;
  function renew(): void {
    if (!renewLease()) {
      throw LEASE_LOST;
    }
    renewedAt = ngx.now();
  }
  return {
    renew,
    hold: (stop) => {
      while (!stop() && renewLease()) {
        renewedAt = ngx.now();
        ngx.sleep(RENEW_SECONDS);
      }
    },
    pausing: (pace) => () => {
      if (ngx.now() - renewedAt >= RENEW_SECONDS) {
        renew();
      }
      pace();
    },
  };
}

export function giveUpLease(): void {
  if (leaderPid() === ngx.worker.pid()) {
    dict().delete("leader");
  }
}

export function leaderPid(): number | undefined {
  const [holder] = dict().get("leader");
  return typeof holder === "number" ? holder : undefined;
}
