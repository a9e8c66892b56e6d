import { success } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import { follow } from "../core/store/follow.ts";
import { hasAgent } from "./agent.ts";
import { changesSeen } from "./changes_seen.ts";
import { followHealth } from "./health/follow_health.ts";
import { confToWrite, createConfWriter } from "./conf_writer.ts";
import { driveDyups } from "./dyups_engine.ts";
import { createCommands } from "./dyupsc_commands.ts";
import { LEASE_LOST, leaseHolder } from "./leader.ts";
import { lightThreads } from "./light_threads.ts";
import type { LightWork } from "./light_threads.ts";
import { createListener } from "./listener.ts";
import { logErrorSometimes, logNotice } from "./log.ts";
import { thisNode } from "./node_settings.ts";
import { pacer } from "./pace.ts";
import { semaphoreModule } from "./platform.ts";
import { connect, describePlace, runResult } from "./redis.ts";
import type { Connection } from "./redis.ts";
import { createStateKeeper } from "./state_keeper.ts";
import { readStoreReport, writeStoreReport } from "./shared_reports.ts";
import { readPosition, takeAcceptance } from "./shared_state.ts";
import { createTaker } from "./take_over.ts";
import { upstreamWatch } from "./upstream_watch.ts";
import { hasNothingYet } from "./worker.ts";

/** Seconds between two looks at the revision: a backstop, announcements come at once. */
const POLL_SECONDS = 1;
/** The same while nothing is announced. */
const POLL_UNANNOUNCED_SECONDS = 0.25;
/** Seconds between two readings of everything where Redis cannot announce direct writes. */
const RESCAN_SECONDS = 3;
const REST_SECONDS = 0.1;
/**
 * Rounds until the work is begun anew, by another timer: nginx keeps a record of each coroutine until the timer ends that
 * it was made in, and a round makes a few (about 1 KB for a change). An hour, while nothing happens.
 */
const MOST_ROUNDS = 4000;
/** Between two attempts to connect: nginx logs each refusal of a unix socket by itself. */
const FIRST_RETRY_SECONDS = 0.25;
const MAX_RETRY_SECONDS = 3;

/**
 * The leading worker's work: keeps the shared dict and the files on disk equal to the store. Returns when the worker
 * is to exit, the lease is lost, or it has done so for long.
 */
export function followStore(): void {
  const { settings, keys } = thisNode();
  const place = describePlace(settings.redis);
  const seen = changesSeen(keys);
  const [semaphore] = semaphoreModule.new(0);
  let stopped = false;
  let retrySeconds = FIRST_RETRY_SECONDS;

  function stopping(): boolean {
    return stopped || ngx.worker.exiting();
  }

  const lease = leaseHolder();
  const keeper = createStateKeeper(settings.snapshotDir, lease.pausing(pacer()));
  const taker = createTaker(keys, lease.pausing(pacer(hasNothingYet)), lease.renew, keeper.changed);
  const watch = upstreamWatch();
  const confWriter = createConfWriter(hasAgent() ? "" : confToWrite(), false, lease.pausing(pacer()));
  let connection: Connection | undefined;
  let scannedAt = 0;
  let confirmed = readStoreReport()?.confirmed ?? 0;
  let lostReason = "";

  const commands = settings.upstreams === undefined ? undefined : createCommands(pacer(), stopping);
  const listener = createListener(
    settings.redis,
    keys,
    seen,
    () => {
      if (semaphore !== undefined && semaphore.count() <= 0) {
        semaphore.post(1);
      }
    },
    stopping,
    () => connection !== undefined,
    commands,
  );

  function report(problem: string): void {
    writeStoreReport({
      reachable: connection !== undefined,
      problem,
      lost: lostReason !== "",
      tracking: listener.tracking(),
      time: ngx.now(),
      confirmed,
    });
  }

  function refresh(live: Connection): Result<null> {
    const what = seen.take();
    const rescan = !listener.tracking() && ngx.now() - scannedAt >= RESCAN_SECONDS;
    const everything = what.everything || rescan || lostReason !== "";
    if (what.upstreams) {
      watch.written();
    }
    const followed = runResult(live, follow(keys, readPosition()));
    if (!followed.ok) {
      seen.putBack(what);
      return followed;
    }
    const { following } = followed.value;
    const wasLost = following.kind === "lost" || lostReason !== "";
    const accepted = wasLost && takeAcceptance();
    if (following.kind === "lost" && !accepted) {
      lostReason = following.reason;
      seen.everything();
      return success(null);
    }
    if (following.kind === "changes" && following.upstreams.length > 0) {
      watch.explained();
    }
    const upstreams = everything || watch.isDue();
    if (following.kind === "current" && !everything && !upstreams && what.hostnames.length + what.policyIds.length === 0) {
      confirmed = ngx.now();
      return success(null);
    }
    if (everything) {
      scannedAt = ngx.now();
    }
    if (upstreams) {
      // Before they are read: what is written meanwhile counts as written after.
      watch.looked();
    }
    const wanted = { ...what, everything, upstreams };
    const [ran, taken] = pcall(() => taker.takeOver(live, wanted, followed.value, accepted));
    if (!ran || !taken.ok) {
      seen.putBack(wanted);
    }
    if (!ran) {
      throw taken;
    }
    if (!taken.ok) {
      return taken;
    }
    lostReason = taken.value;
    if (lostReason === "") {
      confirmed = ngx.now();
    }
    return success(null);
  }

  /** One round: connect where needed, refresh, tidy up. @returns what is wrong, "" for nothing. */
  function round(): string {
    if (connection === undefined) {
      const connected = connect(settings.redis);
      if (!connected.ok) {
        retrySeconds = Math.min(retrySeconds * 2, MAX_RETRY_SECONDS);
        return connected.error.desc;
      }
      retrySeconds = FIRST_RETRY_SECONDS;
      connection = connected.value;
      logNotice(`connected to Redis at ${place}`);
      if (readPosition().seq === 0) {
        listener.begun();
      }
    }
    const refreshed = refresh(connection);
    if (!refreshed.ok) {
      connection.close();
      connection = undefined;
      listener.reset();
      return refreshed.error.desc;
    }
    return lostReason === "" ? "" : `Redis has lost data: ${lostReason}; serving what was in force before`;
  }

  /** Waits for an announcement or the next poll, and looks up often enough to leave quickly when nginx reloads. */
  function rest(): void {
    const reached = listener.subscribed() ? POLL_SECONDS : POLL_UNANNOUNCED_SECONDS;
    const poll = connection === undefined ? retrySeconds : reached;
    for (let waited = 0; waited < poll && !stopping() && !watch.isDue(); waited += REST_SECONDS) {
      if (semaphore === undefined) {
        ngx.sleep(REST_SECONDS);
      } else if (semaphore.wait(REST_SECONDS)[0] === true) {
        return;
      }
    }
  }

  /** Files are written beside the rounds: with many upstreams that takes longer than a change may. */
  function keepWritten(writer: { readonly save: (this: void) => void }): LightWork {
    return (ends) => {
      while (!ends()) {
        writer.save();
        ngx.sleep(REST_SECONDS);
      }
    };
  }

  const threads = lightThreads(stopping);
  threads.spawn("listening to Redis", listener.run);
  threads.spawn("holding the lease", lease.hold);
  threads.spawnFinishing("watching peers", (ends) => {
    if (settings.upstreams?.engine === "dyups") {
      driveDyups(settings.upstreams, ends);
    } else {
      followHealth(ends);
    }
  });
  threads.spawnFinishing("hearing instructions", () => {
    commands?.run();
  });
  threads.spawnFinishing("keeping the snapshot", keepWritten(keeper));
  threads.spawnFinishing("writing upstream.conf", keepWritten(confWriter));
  for (let rounds = 0; rounds < MOST_ROUNDS && !stopping(); rounds++) {
    const [ran, outcome] = pcall(() => {
      lease.renew();
      const wrong = round();
      if (!keeper.isReading()) {
        taker.free();
      }
      return wrong;
    });
    if (!ran && (outcome as unknown) === LEASE_LOST) {
      break;
    }
    const problem = ran ? outcome : tostring(outcome);
    if (problem !== "") {
      logErrorSometimes(`sync ${problem.slice(0, 60)}`, problem);
    }
    report(problem);
    rest();
  }
  stopped = true;
  connection?.close();
  threads.end();
}
