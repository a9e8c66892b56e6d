import { lookup, sortedKeys } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { UpstreamSettings } from "../core/settings.ts";
import { planDyups } from "../core/upstream/dyups_diff.ts";
import { readDetail } from "../core/upstream/dyups_state.ts";
import type { ShownServer } from "../core/upstream/dyups_state.ts";
import { createDyupsClient } from "./dyups_client.ts";
import { writeDyupsReport } from "./dyups_report.ts";
import { createTold, wordsOf } from "./dyups_told.ts";
import { readWanted } from "./dyups_wanted.ts";
import { publishMoved } from "./health/follow_health.ts";
import { watchNames } from "./health/names.ts";
import { leaderPid } from "./leader.ts";
import { logErrorSometimes, logNotice } from "./log.ts";
import { pacer } from "./pace.ts";
import { readSeq } from "./shared_state.ts";

/** Seconds between two looks at what the module has, where nothing changes. */
const LOOK_SECONDS = 3;
/** The same after it was told something. */
const VERIFY_SECONDS = 1;
const STEP_SECONDS = 0.05;
const SWEEP_SECONDS = 1;
/** Between two times that everything is sent again, at first; doubled while that does not help. */
const FIRST_REPLAY_SECONDS = 2;
const MOST_REPLAY_SECONDS = 60;
const MAX_LISTED = 20;

const OK = 200;
const NOTHING = 204;

type Found =
  | { readonly ok: true; readonly upstreams: Lookup<readonly ShownServer[]> }
  | { readonly ok: false; readonly reason: string };

/** Of each part that the module cannot be told, some of the upstreams. */
function listed(unknown: Lookup<string[]>): Lookup<readonly string[]> {
  const some: Lookup<readonly string[]> = lookup();
  for (const what of Object.keys(unknown)) {
    some[what] = unknown[what]!.slice(0, MAX_LISTED);
  }
  return some;
}

/**
 * The leading worker's work with the engine `dyups`: makes a gateway with ngx_http_dyups_module have what this node
 * has, and looks again and again whether it still does. Returns when the worker is to exit or does not lead any more.
 */
export function driveDyups(settings: UpstreamSettings, stopping: (this: void) => boolean): void {
  const pause = pacer();
  const client = createDyupsClient(settings.dyupsUrl, settings.dyupsTimeoutMs);
  const told = createTold(client);
  let moved: string[] = [];
  let wanted = readWanted(pause);
  let replayAt = 0;
  let replaySeconds = FIRST_REPLAY_SECONDS;
  let wasInStep = false;

  const names = watchNames(
    settings.resolvers,
    (upstreams) => {
      for (const name of upstreams) {
        moved.push(name);
      }
    },
    () => {},
    stopping,
  );

  function isLeading(): boolean {
    return !stopping() && leaderPid() === ngx.worker.pid();
  }

  function look(): Found {
    const reply = client.detail();
    if (!reply.ok) {
      return reply;
    }
    if (reply.status === NOTHING) {
      return { ok: true, upstreams: lookup() };
    }
    return reply.status === OK ? readDetail(reply.text, pause) : { ok: false, reason: `GET /detail: ${wordsOf(reply)}` };
  }

  /** @param isSettled nothing was told in this round, so that what was seen still counts. */
  function report(problem: string, differences: readonly string[], isSettled: boolean): void {
    const inStep = problem === "" && differences.length === 0;
    if (problem !== "" || (!inStep && isSettled)) {
      logErrorSometimes("dyups", `${settings.dyupsUrl} is not in step: ${problem === "" ? differences[0]! : problem}`);
    } else if (isSettled && !wasInStep) {
      logNotice(`${settings.dyupsUrl} is in step with ${wanted.count} upstreams`);
    }
    wasInStep = isSettled ? inStep : wasInStep;
    writeDyupsReport({
      way: client.way,
      inStep: inStep && isSettled,
      revision: wanted.revision,
      count: wanted.count,
      problem,
      differenceCount: differences.length,
      differences: differences.slice(0, MAX_LISTED),
      unknown: listed(wanted.unknown),
      time: ngx.now(),
    });
  }

  /** A gateway that was reloaded has lost more than can be seen; one that never takes what it is told is not flooded. */
  function mayReplay(isLost: boolean): boolean {
    const now = ngx.now();
    if (!isLost || now < replayAt) {
      return !isLost;
    }
    logNotice(`${settings.dyupsUrl} has lost what it had, all of it is sent again`);
    replayAt = now + replaySeconds;
    replaySeconds = Math.min(replaySeconds * 2, MOST_REPLAY_SECONDS);
    told.startAnew();
    return true;
  }

  /** @returns seconds until the next look. */
  function round(): number {
    const found = look();
    if (!found.ok) {
      report(found.reason, [], true);
      return VERIFY_SECONDS;
    }
    const plan = planDyups(wanted.upstreams, wanted.gone, found.upstreams, told.sent, ngx.now());
    const problems: string[] = sortedKeys(wanted.problems).map((name) => `${name}: ${wanted.problems[name]!}`);
    const isNews = (name: string): boolean => told.sent[name]?.digest !== wanted.upstreams[name]!.digest;
    const toSend = mayReplay(plan.isLost) ? plan.send : plan.send.filter((name) => isNews(name));
    let count = 0;
    const tell = (what: readonly string[], how: (this: void, name: string) => string): void => {
      for (const name of what) {
        if (!isLeading()) {
          return;
        }
        const problem = how(name);
        if (problem !== "") {
          problems.push(problem);
        }
        count++;
        pause();
      }
    };
    tell(toSend, (name) => told.send(name, wanted.upstreams[name]!));
    // What has no address for the moment is not removed.
    tell(plan.remove.filter((name) => wanted.problems[name] === undefined), told.remove);
    told.forget(plan.forget);
    if (count === 0 && plan.differences.length === 0) {
      replaySeconds = FIRST_REPLAY_SECONDS;
    }
    report(problems[0] ?? "", plan.differences, count === 0);
    return count > 0 ? VERIFY_SECONDS : LOOK_SECONDS;
  }

  let seq = -1;
  let lookAt = 0;
  let sweptAt = 0;
  function step(): void {
    const now = ngx.now();
    names.step(now);
    const rebuilt = moved;
    moved = [];
    if (rebuilt.length > 0) {
      // upstream.conf has the addresses, too.
      publishMoved(rebuilt);
    }
    const published = readSeq();
    if (published !== seq) {
      seq = published;
      lookAt = 0;
      wanted = readWanted(pause);
      for (const name of Object.keys(wanted.definitions)) {
        names.watch(name, wanted.definitions[name]);
      }
    }
    if (now - sweptAt >= SWEEP_SECONDS) {
      sweptAt = now;
      names.sweep((name) => wanted.definitions[name] === undefined, now);
    }
    if (now >= lookAt) {
      // Once more from here, also where the round breaks.
      lookAt = now + LOOK_SECONDS;
      const seconds = round();
      lookAt = ngx.now() + seconds;
    }
  }

  while (!stopping()) {
    if (isLeading()) {
      const [stepped, reason] = pcall(step);
      if (!stepped) {
        logErrorSometimes("dyups step", `dyups: ${tostring(reason)}`);
      }
    }
    ngx.sleep(STEP_SECONDS);
  }
  names.close();
}
