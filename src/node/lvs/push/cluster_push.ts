import { pathText } from "../../config/problem.ts";
import { readStore } from "../../store/work.ts";
import type { Cluster } from "../inventory/model.ts";
import { readInventory } from "../store/reads.ts";
import { findDrift, type Drift } from "./drift.ts";
import { planSync, type LbPlan } from "./plan.ts";
import { prepareReleases, renderReleases, type Prepared, type PreparedProblem } from "./prepare.ts";
import { reachOf, type PushRun, type PushSite } from "./push_site.ts";
import { canaryUnknown, pushPlans, rollBack, type LbOutcome } from "./sync.ts";
import { takeSyncLock } from "./sync_lock.ts";

/** Why work on the load balancers of a cluster does not begin; nothing was changed. */
export interface PushRefusal {
  readonly kind: "unknown" | "refused" | "locked" | "unavailable";
  readonly detail: string;
  readonly problems: readonly PreparedProblem[];
}

export type Pushed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: PushRefusal };

export interface Actor {
  readonly who: string;
  readonly from: string;
}

export interface Planned {
  readonly cluster: Cluster;
  readonly plans: readonly LbPlan[];
  /** What could not be checked here, in words. */
  readonly remarks: readonly string[];
}

export interface SyncDone {
  readonly outcomes: readonly LbOutcome[];
  readonly remarks: readonly string[];
}

export interface SyncOptions {
  readonly canary: string | undefined;
  readonly parallel: number;
  /** Called with the plan, before anything is changed. */
  readonly onPlan: (planned: Planned) => void;
}

const refusal = (kind: PushRefusal["kind"], detail: string, problems: readonly PreparedProblem[] = []) =>
  ({ ok: false, refusal: { kind, detail, problems } }) as const;

/** A stored cluster that no rule refuses, those between clusters included. */
export async function storedCluster(site: PushSite, name: string): Promise<Pushed<Cluster>> {
  const read = await readStore(site.redis, readInventory());
  if (!read.ok) return refusal("unavailable", read.error.desc);
  const stored = read.value.find((cluster) => cluster.name === name);
  if (stored === undefined) return refusal("unknown", `there is no cluster ${JSON.stringify(name)}`);
  const { cluster, problems } = stored;
  if (cluster !== undefined && problems.length === 0) return { ok: true, value: cluster };
  const texts = problems.map(({ path, text }) => ({ path: pathText(path), text }));
  return refusal("refused", `cluster ${name} breaks rules of the inventory`, texts);
}

/** The releases of a cluster, checked. */
export async function clusterReleases(
  site: PushSite,
  name: string,
): Promise<Pushed<{ readonly cluster: Cluster } & Extract<Prepared, { ok: true }>>> {
  const stored = await storedCluster(site, name);
  if (!stored.ok) return stored;
  const prepared = await prepareReleases(stored.value, site.workshop);
  if (!prepared.ok) return refusal("refused", `cluster ${name} cannot be rendered`, prepared.problems);
  return { ok: true, value: { cluster: stored.value, ...prepared } };
}

/** What a sync would change, without the OSPF key. */
export async function planCluster(site: PushSite, name: string, run: PushRun): Promise<Pushed<Planned>> {
  const ready = await clusterReleases(site, name);
  if (!ready.ok) return ready;
  const { cluster, releases, remarks } = ready.value;
  const plans = await planSync(reachOf(site, run.signal), releases, site.parallel, run.emit);
  return { ok: true, value: { cluster, plans, remarks } };
}

/** Plans and carries out, under the lock of the cluster; see `pushPlans` for what it promises. */
export async function syncCluster(site: PushSite, name: string, options: SyncOptions, actor: Actor, run: PushRun): Promise<Pushed<SyncDone>> {
  return locked(site, name, actor, run, async (guarded) => {
    const planned = await planCluster(site, name, guarded);
    if (!planned.ok) return planned;
    const { cluster, plans, remarks } = planned.value;
    const { canary, parallel } = options;
    const hosts = cluster.lbs.map((lb) => lb.hostname);
    if (canary !== undefined && !hosts.includes(canary)) return refusal("refused", canaryUnknown(canary, hosts).message);
    options.onPlan(planned.value);
    const settings = { dialect: cluster.dialect, parallel, canary };
    const outcomes = await pushPlans(reachOf(site, guarded.signal), plans, settings, guarded.emit);
    return { ok: true, value: { outcomes, remarks } };
  });
}

/** @param hosts load balancers of the cluster; empty: all of them. */
export async function rollBackCluster(site: PushSite, name: string, hosts: readonly string[], actor: Actor, run: PushRun): Promise<Pushed<SyncDone>> {
  return locked(site, name, actor, run, async (guarded) => {
    // A cluster that breaks a rule by now may still have to go back: only its load balancers are needed.
    const read = await readStore(site.redis, readInventory());
    if (!read.ok) return refusal("unavailable", read.error.desc);
    const stored = read.value.find((cluster) => cluster.name === name);
    if (stored === undefined) return refusal("unknown", `there is no cluster ${JSON.stringify(name)}`);
    const known = stored.cluster?.lbs.map((lb) => lb.hostname) ?? stored.document?.lbinfos.map((lb) => lb.hostname);
    if (known === undefined) return refusal("refused", `cluster ${name} cannot be read`);
    const stranger = hosts.find((host) => !known.includes(host));
    if (stranger !== undefined) return refusal("refused", canaryUnknown(stranger, known).message);
    const chosen = hosts.length === 0 ? known : hosts;
    const outcomes = await rollBack(reachOf(site, guarded.signal), chosen, site.parallel, guarded.emit);
    return { ok: true, value: { outcomes, remarks: [] } };
  });
}

/** What is on each load balancer against what should be. */
export async function driftOfCluster(site: PushSite, name: string, run: PushRun): Promise<Pushed<readonly Drift[]>> {
  const stored = await storedCluster(site, name);
  if (!stored.ok) return stored;
  const rendered = await renderReleases(stored.value, site.workshop);
  if (!rendered.ok) return refusal("refused", `cluster ${name} cannot be rendered`, rendered.problems);
  return { ok: true, value: await findDrift(reachOf(site, run.signal), rendered.releases, site.parallel, run.emit) };
}

/** Works under the cluster's lock; stops when the lock is lost. */
async function locked<T>(
  site: PushSite,
  name: string,
  actor: Actor,
  run: PushRun,
  work: (run: PushRun) => Promise<Pushed<T>>,
): Promise<Pushed<T>> {
  const taken = await takeSyncLock(site.redis, name, { ...actor, since: Date.now() });
  if (!taken.ok) return refusal(taken.isHeld ? "locked" : "unavailable", taken.reason);
  try {
    return await work({ ...run, signal: AbortSignal.any([run.signal, taken.lock.lost]) });
  } finally {
    await taken.lock.release();
  }
}
