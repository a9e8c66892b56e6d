import { filesOnDisk, manifestName, type Release } from "../render/release.ts";
import { bounded } from "./bounded.ts";
import { stepEmitter, type Emit } from "./events.ts";
import { fetchFiles, inspect, type Reach, type Refusal } from "./load_balancer.ts";
import { redacted } from "./redact.ts";
import { differences, stateOf, type Difference, type LbState } from "./state.ts";

/** A file that a sync would change; without the OSPF key. */
export interface FileChange {
  readonly path: string;
  readonly kind: "added" | "changed" | "removed";
  /** Empty where it is not there, or its text cannot be had. */
  readonly before: string;
  readonly after: string;
}

/** What a sync would do to one load balancer. */
export type LbPlan =
  | { readonly kind: "unchanged"; readonly release: Release; readonly state: LbState }
  | { readonly kind: "changed"; readonly release: Release; readonly state: LbState; readonly changes: readonly FileChange[] }
  | { readonly kind: "failed"; readonly release: Release; readonly refusal: Refusal };

/** Compares every load balancer with its release, at most `parallel` at once. Changes nothing. */
export function planSync(reach: Reach, releases: readonly Release[], parallel: number, emit: Emit): Promise<LbPlan[]> {
  return bounded(releases, parallel, async (release) => {
    const host = release.hostname;
    emit({ kind: "started", host });
    const plan = await planOne(reach, release, emit);
    if (plan.kind === "failed") emit({ kind: "failed", host, reason: plan.refusal.reason });
    else emit({ kind: "done", host, outcome: plan.kind === "unchanged" ? "unchanged" : "differs" });
    return plan;
  });
}

async function planOne(reach: Reach, release: Release, emit: Emit): Promise<LbPlan> {
  const host = release.hostname;
  emit({ kind: "step", host, step: "comparing" });
  const told = await inspect(reach, host, stepEmitter(host, emit));
  if (!told.ok) return { kind: "failed", release, refusal: told.refusal };
  const state = stateOf(told.answer);
  const different = differences(state, release).filter(({ path }) => path !== manifestName || state.current === release.digest);
  if (state.current === release.digest && different.length === 0) return { kind: "unchanged", release, state };
  const paths = different.filter(({ kind, path }) => kind === "edited" && !/[^A-Za-z0-9_./-]/.test(path)).map(({ path }) => path);
  const fetched = paths.length === 0 ? undefined : await fetchFiles(reach, host, paths);
  if (fetched !== undefined && !fetched.ok) return { kind: "failed", release, refusal: fetched.refusal };
  const contents = fetched?.answer.contents ?? new Map<string, string>();
  return { kind: "changed", release, state, changes: different.map((difference) => changeOf(difference, release, contents)) };
}

function changeOf({ path, kind }: Difference, release: Release, contents: ReadonlyMap<string, string>): FileChange {
  const before = contents.get(path) ?? "";
  const after = filesOnDisk(release).find((file) => file.path === path)?.text ?? "";
  const change = kind === "missing" ? "added" : kind === "extra" ? "removed" : "changed";
  return { path, kind: change, ...redacted(before, after) };
}
