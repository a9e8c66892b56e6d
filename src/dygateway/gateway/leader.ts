import { dict } from "./platform.ts";

/** Seconds after which a leader that says nothing is replaced. */
const LEASE_SECONDS = 2;

/**
 * One worker of a node talks to the store. It holds a lease in the shared dict: when it dies, hangs or leaves with its
 * nginx, the lease runs out and the next worker that looks takes over. (Why not always worker 0: ADR 0003.)
 */
export function tryLead(): boolean {
  const pid = ngx.worker.pid();
  const [added] = dict().add("leader", pid, LEASE_SECONDS);
  return added === true;
}

/** Prolongs the lease. @returns false where another worker has it by now: then this one must stop at once. */
export function renewLease(): boolean {
  const pid = ngx.worker.pid();
  const [holder] = dict().get("leader");
  if (holder !== undefined && holder !== pid) {
    return false;
  }
  dict().set("leader", pid, LEASE_SECONDS);
  return true;
}

export function giveUpLease(): void {
  const [holder] = dict().get("leader");
  if (holder === ngx.worker.pid()) {
    dict().delete("leader");
  }
}

export function leaderPid(): number | undefined {
  const [holder] = dict().get("leader");
  return typeof holder === "number" ? holder : undefined;
}
