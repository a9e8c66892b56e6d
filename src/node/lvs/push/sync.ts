import type { Dialect } from "../inventory/model.ts";
import type { Release } from "../render/release.ts";
import { bounded } from "./bounded.ts";
import { stepEmitter, type Emit } from "./events.ts";
import { inspect, install, rollback, type Reach } from "./load_balancer.ts";
import type { LbPlan } from "./plan.ts";
import { differences, stateOf } from "./state.ts";

export interface SyncSettings {
  readonly dialect: Dialect;
  /** Load balancers at once, after the first. */
  readonly parallel: number;
  /** The one that is changed and verified before all others; undefined: the first that needs a change. */
  readonly canary: string | undefined;
}

/** How a sync, or a rollback, ended for one load balancer. */
export interface LbOutcome {
  readonly host: string;
  readonly outcome: "unchanged" | "updated" | "rolled back" | "failed" | "skipped";
  /** Why it failed or was skipped. */
  readonly reason: string | undefined;
}

export const canaryFailed = (canary: string): string => `not touched, because ${canary}, which was to be first, failed`;
export const canaryUnknown = (canary: string, known: readonly string[]): Error =>
  new Error(`${canary} is no load balancer of this cluster; it has ${known.join(", ")}`);
const stopped = "stopped before its turn";

/**
 * Carries out a plan: one load balancer first, and when it verifiably has what it should have, the rest. Those that
 * need no change are not connected to. Each is on its old or its new release at any time, also when this process or the
 * connection ends; nothing is reloaded.
 *
 * Aborting `reach.signal` ends connections; load balancers that were not begun are skipped.
 */
export async function pushPlans(
  reach: Reach,
  plans: readonly LbPlan[],
  { dialect, parallel, canary }: SyncSettings,
  emit: Emit,
): Promise<LbOutcome[]> {
  const hosts = plans.map(({ release }) => release.hostname);
  if (canary !== undefined && !hosts.includes(canary)) throw canaryUnknown(canary, hosts);
  const changed = plans.filter(({ kind }) => kind === "changed").map(({ release }) => release);
  const first = changed.find(({ hostname }) => hostname === canary) ?? changed[0];
  const outcomes = new Map<string, LbOutcome>(plans.flatMap((plan) => settledBefore(plan, emit)));
  const push = async (release: Release): Promise<void> => void outcomes.set(release.hostname, await pushOne(reach, release, dialect, emit));

  // A canary that was asked for and cannot even be reached says as much as one that fails.
  let broken = hosts.find((host) => host === canary && outcomes.get(host)?.outcome === "failed");
  if (broken === undefined && first !== undefined) {
    await push(first);
    if (outcomes.get(first.hostname)?.outcome !== "updated") broken = first.hostname;
  }
  const rest = changed.filter(({ hostname }) => !outcomes.has(hostname));
  if (broken === undefined) await bounded(rest, parallel, push);
  else for (const { hostname } of rest) outcomes.set(hostname, skip(hostname, canaryFailed(broken), emit));
  return hosts.flatMap((host) => outcomes.get(host) ?? []);
}

function settledBefore(plan: LbPlan, emit: Emit): [string, LbOutcome][] {
  const host = plan.release.hostname;
  if (plan.kind === "changed") return [];
  if (plan.kind === "unchanged") return [[host, { host, outcome: "unchanged", reason: undefined }]];
  emit({ kind: "failed", host, reason: plan.refusal.reason });
  return [[host, { host, outcome: "failed", reason: plan.refusal.reason }]];
}

async function pushOne(reach: Reach, release: Release, dialect: Dialect, emit: Emit): Promise<LbOutcome> {
  const host = release.hostname;
  if (reach.signal.aborted) return skip(host, stopped, emit);
  emit({ kind: "started", host });
  emit({ kind: "step", host, step: "sending" });
  const installed = await install(reach, release, dialect, stepEmitter(host, emit));
  if (!installed.ok) return fail(host, installed.refusal.reason, emit);
  emit({ kind: "step", host, step: "verifying" });
  const told = await inspect(reach, host, stepEmitter(host, emit));
  if (!told.ok) return fail(host, `it was changed, and then not seen: ${told.refusal.reason}`, emit);
  const state = stateOf(told.answer);
  const [difference] = differences(state, release);
  if (state.current !== release.digest) return fail(host, "another release is in use than the one it was given", emit);
  if (difference !== undefined) return fail(host, `${difference.path} is ${difference.kind} right after the change`, emit);
  emit({ kind: "done", host, outcome: "updated" });
  return { host, outcome: "updated", reason: undefined };
}

/** Points each of the load balancers back to the release before. Nothing is reloaded here, either. */
export function rollBack(reach: Reach, hosts: readonly string[], parallel: number, emit: Emit): Promise<LbOutcome[]> {
  return bounded(hosts, parallel, async (host) => {
    if (reach.signal.aborted) return skip(host, stopped, emit);
    emit({ kind: "started", host });
    emit({ kind: "step", host, step: "going back" });
    const told = await rollback(reach, host);
    if (!told.ok) return fail(host, told.refusal.reason, emit);
    emit({ kind: "done", host, outcome: "rolled back" });
    return { host, outcome: "rolled back", reason: undefined };
  });
}

function fail(host: string, reason: string, emit: Emit): LbOutcome {
  emit({ kind: "failed", host, reason });
  return { host, outcome: "failed", reason };
}

function skip(host: string, reason: string, emit: Emit): LbOutcome {
  emit({ kind: "skipped", host, reason });
  return { host, outcome: "skipped", reason };
}
