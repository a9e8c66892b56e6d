import { z } from "zod";
import { hostname } from "../../lvs/inventory/scalars.ts";
import { commandsFor } from "../../cli/lvs_reload_text.ts";
import { driftOfCluster, planCluster, rollBackCluster, syncCluster, type Planned, type Pushed, type SyncDone } from "../../lvs/push/cluster_push.ts";
import type { Drift } from "../../lvs/push/drift.ts";
import type { LbPlan } from "../../lvs/push/plan.ts";
import type { PushRun, PushSite } from "../../lvs/push/push_site.ts";
import { diffLines } from "../../render/diff.ts";
import { conflict, HttpProblem, notFound, refused, unavailable } from "../http/problem.ts";
import { route, type Answer, type Caller, type Route } from "../http/route.ts";
import { jobSchema, type JobKind, type WorkEnd } from "../jobs/job.ts";
import type { JobRunner, WorkSite } from "../jobs/job_runner.ts";
import { SharedWork } from "../shared_work.ts";
import { ofCluster } from "./shared.ts";

const fileChange = z.strictObject({
  path: z.string(),
  kind: z.enum(["added", "changed", "removed"]),
  diff: z.array(z.string()).describe("A short unified diff, without the OSPF key"),
});
const lbPlan = z.strictObject({
  host: z.string(),
  kind: z.enum(["unchanged", "changed", "failed"]),
  release: z.string().describe("The digest that it would have"),
  current: z.string().nullable(),
  reason: z.string().nullable().describe("Why it failed"),
  files: z.array(fileChange),
});
const planned = z.strictObject({ lbs: z.array(lbPlan), remarks: z.array(z.string()) });
const drifted = z.strictObject({
  lbs: z.array(
    z.strictObject({
      host: z.string(),
      kind: z.enum(["none", "drifted", "empty", "unreachable"]),
      other_release: z.boolean(),
      reason: z.string().nullable(),
      files: z.array(z.strictObject({ path: z.string(), kind: z.enum(["missing", "edited", "extra", "readable"]) })),
      remarks: z.array(z.string()),
    }),
  ),
});

const refusals = {
  404: "There is no such cluster",
  409: "Its load balancers are being worked on",
  422: "The cluster cannot be rendered; every problem with its path",
  503: "Redis cannot be reached, or the service is ending",
} as const;

/** A file that comes or goes is all plus or all minus. */
function diffOf(kind: z.output<typeof fileChange>["kind"], before: string, after: string): string[] {
  if (kind === "changed") return diffLines(before, after);
  const [sign, text] = kind === "added" ? ["+", after] : ["-", before];
  return text === "" ? [] : text.replace(/\n$/, "").split("\n").map((line) => `${sign} ${line}`.trimEnd());
}

function planAnswer(plan: LbPlan): z.input<typeof lbPlan> {
  const { release } = plan;
  const common = { host: release.hostname, kind: plan.kind, release: release.digest };
  if (plan.kind === "failed") return { ...common, current: null, reason: plan.refusal.reason, files: [] };
  const changes = plan.kind === "changed" ? plan.changes : [];
  const files = changes.map(({ path, kind, before, after }) => ({ path, kind, diff: diffOf(kind, before, after) }));
  return { ...common, current: plan.state.current ?? null, reason: null, files };
}

function driftAnswer(drift: Drift): z.input<typeof drifted>["lbs"][number] {
  return {
    host: drift.host,
    kind: drift.kind,
    other_release: drift.kind === "drifted" && drift.isOtherRelease,
    reason: drift.kind === "unreachable" ? drift.reason : null,
    files: drift.kind === "drifted" ? [...drift.files] : [],
    remarks: drift.kind === "none" || drift.kind === "drifted" ? [...drift.remarks] : [],
  };
}

function valueOf<T>(pushed: Pushed<T>): T {
  if (pushed.ok) return pushed.value;
  const { kind, detail, problems } = pushed.refusal;
  switch (kind) {
    case "unknown":
      throw notFound(detail.replace(/^there is no /, ""));
    case "refused":
      throw refused(detail, problems);
    case "locked":
      throw conflict(detail);
    case "unavailable":
      throw unavailable(detail);
  }
}

const longestLookMs = 120_000;

/** Everything that reaches load balancers; what changes them is a job. */
export function pushRoutes(site: PushSite, jobs: JobRunner, ended: AbortSignal): Route[] {
  const looks = new SharedWork();
  /** For what is answered at once: a load balancer that does not answer must not keep the client for ever. */
  const now = (): PushRun => ({ signal: AbortSignal.any([ended, AbortSignal.timeout(longestLookMs)]), emit: () => undefined });
  type Work = (run: PushRun, onPlan: (planned: Planned) => void) => Promise<Pushed<SyncDone>>;
  const start = (kind: JobKind, cluster: string, caller: Caller, request: Record<string, unknown>, work: Work): Answer => {
    const started = jobs.start({
      kind,
      cluster,
      by: caller.name,
      request,
      work: async (workSite) => {
        let seen: Planned | undefined;
        const pushed = await work(eventsOf(workSite), (plan) => (seen = plan));
        return endOf(pushed, workSite.signal, (host) => commandsOf(host, seen, site.workshop.layout.root));
      },
    });
    if (started.kind === "closing") throw unavailable("the service is ending; it takes no new jobs");
    const { job } = started;
    const headers = { Location: `/api/v1/jobs/${job.id}` };
    if (started.kind === "started") return { status: 202, headers, json: job };
    throw new HttpProblem(409, "Conflict", `the load balancers of ${cluster} are being worked on: job ${job.id} of ${job.by}`, { more: { job: job.id }, headers });
  };
  return [
    route({
      method: "GET",
      path: "/clusters/:cluster/plan",
      role: "viewer",
      summary: "What a sync would change on each load balancer; changes nothing",
      params: ofCluster,
      answers: { 200: planned, ...refusals },
      handle: async ({ params }) => {
        const { plans, remarks } = valueOf(
          await looks.do(`plan ${params.cluster}`, () => planCluster(site, params.cluster, now())),
        );
        return { json: { lbs: plans.map(planAnswer), remarks: [...remarks] } };
      },
    }),
    route({
      method: "GET",
      path: "/clusters/:cluster/drift",
      role: "viewer",
      summary: "What is on each load balancer against what should be",
      params: ofCluster,
      answers: { 200: drifted, ...refusals },
      handle: async ({ params }) => {
        const drifts = await looks.do(`drift ${params.cluster}`, () => driftOfCluster(site, params.cluster, now()));
        return { json: { lbs: valueOf(drifts).map(driftAnswer) } };
      },
    }),
    route({
      method: "POST",
      path: "/clusters/:cluster/sync",
      role: "operator",
      summary: "Send its files to each load balancer, one first, then the rest; a job. Nothing is reloaded",
      params: ofCluster,
      body: z.strictObject({ canary: hostname.optional(), parallel: z.int().min(1).max(64).optional().describe("Load balancers at once (default: lvs.push.parallel)") }),
      answers: { 202: jobSchema, ...refusals },
      handle: ({ params, body, caller }) =>
        start("sync", params.cluster, caller, body, (run, onPlan) => {
          const { canary, parallel = site.parallel } = body;
          return syncCluster(site, params.cluster, { canary, parallel, onPlan }, { who: caller.name, from: caller.from }, run);
        }),
    }),
    route({
      method: "POST",
      path: "/clusters/:cluster/rollback",
      role: "operator",
      summary: "Point load balancers back to the release before; a job. Nothing is reloaded",
      params: ofCluster,
      body: z.strictObject({ hosts: z.array(hostname).max(1000).default([]).describe("Empty: all of them") }),
      answers: { 202: jobSchema, ...refusals },
      handle: ({ params, body, caller }) =>
        start("rollback", params.cluster, caller, body, (run) =>
          rollBackCluster(site, params.cluster, body.hosts, { who: caller.name, from: caller.from }, run),
        ),
    }),
  ];
}

const eventsOf = ({ signal, emit }: WorkSite): PushRun => ({
  signal,
  emit: ({ kind, ...data }) => emit(kind, data),
});

/** What the operator runs on a load balancer to put its new files in force: nothing is reloaded by us. */
function commandsOf(host: string, planned: Planned | undefined, root: string): string[] {
  const plan = planned?.plans.find(({ release }) => release.hostname === host);
  if (planned === undefined || plan?.kind !== "changed") return [];
  return commandsFor(plan.changes.map(({ path }) => path), planned.cluster.dialect, root);
}

function endOf(pushed: Pushed<SyncDone>, signal: AbortSignal, reload: (host: string) => string[]): WorkEnd {
  if (!pushed.ok) {
    const { detail, problems } = pushed.refusal;
    return { state: "failed", detail, result: { lbs: [], remarks: [], problems } };
  }
  const { outcomes, remarks } = pushed.value;
  const lbs = outcomes.map(({ host, outcome, reason }) => ({
    host,
    outcome,
    reason: reason ?? null,
    reload: outcome === "updated" ? reload(host) : [],
  }));
  const bad = lbs.filter(({ outcome }) => outcome === "failed" || outcome === "skipped");
  const state = bad.length === 0 ? "done" : signal.aborted ? "aborted" : "failed";
  const detail = bad.length === 0 ? "" : `not as they should be: ${bad.map(({ host }) => host).join(", ")}`;
  return { state, detail, result: { lbs, remarks, problems: [] } };
}
