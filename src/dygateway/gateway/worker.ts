import { lookup, textSet } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { noPause } from "../core/result.ts";
import type { Pause } from "../core/result.ts";
import type { Runtime } from "../core/runtime/decide.ts";
import type { RuntimeManifest } from "../core/store/manifest.ts";
import { ringPoints } from "../core/upstream/balance/consistent_hash.ts";
import { compileRuntime, forgetUnused, matcherCache, OUTDATED, recordUse } from "./compile.ts";
import { logErrorSometimes, logWarning } from "./log.ts";
import { collectAsUsual, collectOften, endHaste, makeHaste, tidyAfter } from "./pace.ts";
import { thisNode } from "./node_settings.ts";
import { endRelease, releasePoints, releaseRules } from "./released_tables.ts";
import { writeWorkerReport } from "./shared_reports.ts";
import { isOvertaken, readHostnames, readManifest, readPosition, readSeq, readSteps } from "./shared_state.ts";
import type { Steps } from "./shared_state.ts";
import { readUpstream, readUpstreamNames } from "./shared_upstreams.ts";
import { inForce, lookBeforeEach, replaceRuntimes } from "./snapshot.ts";
import type { ReplacedRuntime } from "./snapshot.ts";
import { dumpedNames } from "./static_upstreams.ts";
import { brokenUpstreams, buildUpstream, replaceUpstreams, upstreamsInForce } from "./upstreams.ts";
import type { ReplacedUpstream } from "./upstreams.ts";

/** Seconds between two reports of a worker that has nothing new to say. */
const REPORT_SECONDS = 0.25;

/** What this worker has taken over from the shared dict. */
let seq = 0;
let revision = 0;
const cache = matcherCache();
const manifests: Lookup<RuntimeManifest> = lookup();
let applying = false;
let reportedAt = 0;

let brokenLevels = 0;
/** How often a step that was overtaken while it was taken over is begun again. */
const MOST_TRIES = 5;
let leaving = false;

function report(): void {
  if (leaving) {
    // The place in the shared dict is its successor's.
    return;
  }
  const now = ngx.now();
  reportedAt = now;
  const id = ngx.worker.id() ?? 0;
  writeWorkerReport({ id, pid: ngx.worker.pid(), seq, revision, time: now, brokenLevels });
}

function announceBroken(runtime: Runtime | undefined): void {
  for (const level of runtime?.broken ?? []) {
    logWarning(`${runtime?.hostname ?? ""}: level ${level.number} (policy ${level.policyId}) is skipped: ${level.reason}`);
  }
}

/** What to take over: what changed, or everything where the steps since ours are not on record any more. */
function changedSince(to: number): Steps {
  const steps = seq === 0 ? undefined : readSteps(seq, to);
  if (steps !== undefined) {
    return { hostnames: Object.keys(textSet([steps.hostnames])), upstreams: Object.keys(textSet([steps.upstreams])) };
  }
  // What is in force and is not there any more has no manifest, and goes.
  const names = [readUpstreamNames(), dumpedNames(), Object.keys(upstreamsInForce()), Object.keys(brokenUpstreams())];
  return {
    hostnames: Object.keys(textSet([readHostnames(), Object.keys(manifests)])),
    upstreams: Object.keys(textSet(names)),
  };
}

/** Whether upstreams of the store are served by this nginx itself. */
function servesUpstreams(): boolean {
  return thisNode().settings.upstreams?.engine === "balancer";
}

function builtUpstreams(names: readonly string[], pause: Pause): ReplacedUpstream[] {
  const built: ReplacedUpstream[] = [];
  if (servesUpstreams()) {
    for (const name of names) {
      pause();
      built.push(buildUpstream(name, readUpstream(name), pause));
    }
  }
  return built;
}

/**
 * Takes over the last published step, whole: everything is compiled first, then swapped in at once.
 * @param isLastTry what there is must do: a leader that was killed has left half a step, or steps follow too fast.
 * @returns false where a later step was being written meanwhile, so that parts of it may have been read, and nothing is
 * swapped in. @throws OUTDATED when a later step replaced the rules meanwhile.
 */
function apply(pause: Pause, isLastTry: boolean): boolean {
  const position = readPosition();
  const { hostnames, upstreams } = changedSince(position.seq);
  const replaced: (ReplacedRuntime & { readonly manifest: RuntimeManifest | undefined })[] = [];
  for (const hostname of hostnames) {
    pause();
    const manifest = readManifest(hostname);
    const runtime = manifest === undefined ? undefined : compileRuntime(manifest, cache, pause);
    replaced.push({ hostname, runtime, manifest });
  }
  const built = builtUpstreams(upstreams, pause);
  if (isOvertaken(position.seq) && !isLastTry) {
    return false;
  }
  if (position.seq <= seq) {
    // A request has taken it over meanwhile, or a later one: see `leave`.
    forgetUnused(cache);
    return true;
  }
  // From here to the end nothing yields.
  const before = inForce();
  for (const { hostname, runtime, manifest } of replaced) {
    brokenLevels += (runtime?.broken.length ?? 0) - (before[hostname]?.broken.length ?? 0);
    releaseRules(manifests[hostname]);
    recordUse(cache, manifests[hostname], manifest);
    if (manifest === undefined) {
      delete manifests[hostname];
    } else {
      manifests[hostname] = manifest;
    }
  }
  replaceRuntimes(replaced);
  const live = upstreamsInForce();
  for (const { name } of built) {
    const replacedBalancer = live[name]?.balancer;
    releasePoints(replacedBalancer === undefined ? 0 : ringPoints(replacedBalancer.upstream));
  }
  replaceUpstreams(built);
  if (seq === 0) {
    endHaste();
  }
  seq = position.seq;
  revision = position.revision;
  for (const { runtime } of replaced) {
    announceBroken(runtime);
  }
  for (const { name, problem } of built) {
    if (problem !== undefined) {
      logWarning(`upstream ${name} is not served as Redis has it: ${problem}`);
    }
  }
  return true;
}

function applyWhole(pause: Pause): void {
  let tries = 1;
  while (!apply(pause, tries === MOST_TRIES)) {
    tries++;
    forgetUnused(cache);
  }
}

function logFailure(reason: unknown): void {
  forgetUnused(cache);
  if (reason !== OUTDATED) {
    logErrorSometimes("apply", `worker ${ngx.worker.id() ?? 0} keeps revision ${revision}: ${tostring(reason)}`);
  }
}

/** Takes over what is published, now; what fails is logged, and the state that was in force stays. */
export function catchUp(pause: Pause): void {
  if (applying || readSeq() === seq) {
    return;
  }
  applying = true;
  const tidy = tidyAfter(pause);
  const [applied, reason] = pcall(() => {
    applyWhole(pause);
  });
  report();
  const isMuch = endRelease();
  tidy(isMuch);
  if (applied && !isMuch) {
    collectOften();
  }
  applying = false;
  if (!applied) {
    logFailure(reason);
  }
}

/** The same at once, also where a pause of this worker's timer is in the middle of it. */
function catchUpAtOnce(): void {
  if (readSeq() === seq) {
    return;
  }
  const [applied, reason] = pcall(() => {
    applyWhole(noPause);
  });
  if (!applied) {
    logFailure(reason);
  }
}

/** Of a worker that starts, when the rules that it reads are replaced under its hands. */
const START_TRIES = 5;

/** Takes over what is published before the first request: a worker that has nothing yet would send it to its default. */
export function catchUpAtStart(): void {
  for (let tries = 0; tries < START_TRIES && readSeq() !== seq; tries++) {
    catchUp(noPause);
  }
  if (seq === 0) {
    makeHaste();
  }
}

/** Whether everybody is served by default as yet. */
export function hasNothingYet(): boolean {
  return seq === 0;
}

/** Whether a tick has anything to do. */
export function isTickDue(): boolean {
  return readSeq() !== seq || ngx.now() - reportedAt >= REPORT_SECONDS;
}

/** Called many times a second. */
export function tick(pause: Pause): void {
  catchUp(pause);
  if (ngx.now() - reportedAt >= REPORT_SECONDS) {
    report();
    collectAsUsual();
  }
}

/**
 * Nginx reloads or ends: this worker finishes what it has begun, and its timers are over. A connection that it has
 * accepted may send its first request much later, and must not be answered by what was in force now; nobody who makes a
 * change waits for this worker any more.
 */
export function leave(): void {
  leaving = true;
  lookBeforeEach(catchUpAtOnce);
}
