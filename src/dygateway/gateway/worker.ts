import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Pause } from "../core/result.ts";
import type { Runtime } from "../core/runtime/decide.ts";
import type { RuntimeManifest } from "../core/store/manifest.ts";
import { compileRuntime, OUTDATED, prunedCache } from "./compile.ts";
import type { MatcherCache } from "./compile.ts";
import { logErrorSometimes, logWarning } from "./log.ts";
import { readHostnames, readManifest, readPosition, readSeq, readSteps, writeWorkerReport } from "./shared_state.ts";
import { inForce, replaceAll, replaceSome } from "./snapshot.ts";
import type { ReplacedRuntime } from "./snapshot.ts";

/** Seconds between two reports of a worker that has nothing new to say. */
const REPORT_SECONDS = 0.25;

/** What this worker has taken over from the shared dict. */
let seq = 0;
let revision = 0;
let cache: MatcherCache = lookup();
let manifests: Lookup<RuntimeManifest> = lookup();
let applying = false;
let reportedAt = 0;

function brokenLevels(): number {
  let count = 0;
  const runtimes = inForce();
  for (const hostname of Object.keys(runtimes)) {
    count += runtimes[hostname]!.broken.length;
  }
  return count;
}

let broken = 0;

function report(): void {
  const now = ngx.now();
  reportedAt = now;
  const id = ngx.worker.id() ?? 0;
  writeWorkerReport({ id, pid: ngx.worker.pid(), seq, revision, time: now, brokenLevels: broken });
}

function announceBroken(runtime: Runtime): void {
  for (const level of runtime.broken) {
    logWarning(`${runtime.hostname}: level ${level.number} (policy ${level.policyId}) is skipped: ${level.reason}`);
  }
}

/** The manifests of a step, or of everything where the steps since ours are not on record any more. */
function changedHostnames(to: number): { readonly hostnames: string[]; readonly everything: boolean } {
  const steps = seq === 0 ? undefined : readSteps(seq, to);
  return steps === undefined ? { hostnames: readHostnames(), everything: true } : { hostnames: steps, everything: false };
}

/**
 * Takes over the last published step, whole: everything is compiled first, then swapped in at once.
 * @throws OUTDATED when a later step replaced the rules meanwhile.
 */
function apply(pause: Pause): void {
  const position = readPosition();
  const { hostnames, everything } = changedHostnames(position.seq);
  const replaced: ReplacedRuntime[] = [];
  const next: Lookup<Runtime> = lookup();
  const nextManifests: Lookup<RuntimeManifest> = everything ? lookup() : manifests;
  const changedManifests: Lookup<RuntimeManifest> = lookup();
  for (const hostname of hostnames) {
    pause();
    const manifest = readManifest(hostname);
    const runtime = manifest === undefined ? undefined : compileRuntime(manifest, cache, pause);
    if (manifest !== undefined && runtime !== undefined) {
      announceBroken(runtime);
      changedManifests[hostname] = manifest;
      next[hostname] = runtime;
    }
    replaced.push({ hostname, runtime });
  }
  // From here to the end nothing yields.
  if (everything) {
    replaceAll(next);
  } else {
    replaceSome(replaced);
  }
  for (const { hostname } of replaced) {
    const manifest = changedManifests[hostname];
    if (manifest === undefined) {
      delete nextManifests[hostname];
    } else {
      nextManifests[hostname] = manifest;
    }
  }
  manifests = nextManifests;
  seq = position.seq;
  revision = position.revision;
  if (replaced.length > 0) {
    cache = prunedCache(cache, Object.values(manifests));
    broken = brokenLevels();
  }
}

/** Takes over what is published, now; what fails is logged, and the state that was in force stays. */
export function catchUp(pause: Pause): void {
  if (applying || readSeq() === seq) {
    return;
  }
  applying = true;
  const [applied, reason] = pcall(() => {
    apply(pause);
  });
  applying = false;
  if (!applied && (reason as unknown) !== OUTDATED) {
    logErrorSometimes("apply", `worker ${ngx.worker.id() ?? 0} keeps revision ${revision}: ${tostring(reason)}`);
  }
  report();
}

/** Called many times a second: one look into the shared dict when there is nothing to do. */
export function tick(pause: Pause): void {
  catchUp(pause);
  if (ngx.now() - reportedAt >= REPORT_SECONDS) {
    report();
  }
}

export function workerRevision(): number {
  return revision;
}
