import { success } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import { follow, looksLikeLoss } from "../core/store/follow.ts";
import type { Followed, Position } from "../core/store/follow.ts";
import { listHostnames } from "../core/store/runtime_reads.ts";
import { textSet } from "../core/lookup.ts";
import { changesSeen } from "./changes_seen.ts";
import type { Seen } from "./changes_seen.ts";
import { LEASE_LOST, leaseHolder } from "./leader.ts";
import { discardedRules } from "./discarded_rules.ts";
import { createListener } from "./listener.ts";
import { createLoader, hostnamesAfter } from "./loader.ts";
import { logErrorSometimes, logNotice } from "./log.ts";
import { thisNode } from "./node_settings.ts";
import { pacer } from "./pace.ts";
import { semaphoreModule } from "./platform.ts";
import { connect, describePlace, runResult } from "./redis.ts";
import type { Connection } from "./redis.ts";
import { createStateKeeper } from "./state_keeper.ts";
import {
  publish,
  readPosition,
  takeAcceptance,
  writeStoreReport,
} from "./shared_state.ts";
import type { PublishedRuntime } from "./shared_state.ts";

/** Seconds between two looks at the revision: a backstop, announcements come at once. */
const POLL_SECONDS = 1;
/** The same while nothing is announced. */
const POLL_UNANNOUNCED_SECONDS = 0.25;
/** Seconds between two readings of everything where Redis cannot announce direct writes. */
const RESCAN_SECONDS = 3;
const REST_SECONDS = 0.1;
/** Between two attempts to connect: nginx logs each refusal of a unix socket by itself. */
const FIRST_RETRY_SECONDS = 0.25;
const MAX_RETRY_SECONDS = 3;

/**
 * The leading worker's work: keeps the shared dict and the files on disk equal to the store. Returns when the worker
 * is to exit or the lease is lost.
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

  const lease = leaseHolder(pacer());
  const { pause } = lease;
  const loader = createLoader(keys, pause);
  const discarded = discardedRules();
  const keeper = createStateKeeper(settings.snapshotDir, pause);
  let connection: Connection | undefined;
  let scannedAt = 0;
  let confirmed = 0;
  let lostReason = "";

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

  function publishStep(changed: readonly PublishedRuntime[], position: Position): void {
    const known = readPosition();
    if (changed.length === 0 && known.seq > 0 && known.revision === position.revision) {
      return;
    }
    // What was read while another worker took over may be older than what that one has published.
    lease.renew();
    publish(changed, hostnamesAfter(loader.hostnames(), changed), position);
    discarded.add(loader.published(changed));
    keeper.changed();
  }

  /** Which hostnames must be read after what was seen and what the store says happened. */
  function targets(live: Connection, what: Seen, followed: Followed): Result<readonly string[]> {
    const { following } = followed;
    if (what.everything || following.kind === "reload" || following.kind === "lost") {
      loader.forget(undefined);
      const stored = runResult(live, listHostnames(keys));
      if (!stored.ok) {
        return stored;
      }
      return success(Object.keys(textSet([stored.value, loader.hostnames()])));
    }
    const changes = following.kind === "changes" ? following : { hostnames: [], policyIds: [] };
    const policyIds = Object.keys(textSet([what.policyIds, changes.policyIds]));
    const divDataKeys = policyIds.map((id) => keys.divdata(id));
    loader.forget(divDataKeys);
    return success(Object.keys(textSet([what.hostnames, changes.hostnames, loader.users(divDataKeys)])));
  }

  /** Takes over what the store holds now. @returns why not, if so. */
  function takeOver(live: Connection, what: Seen, followed: Followed, accepted: boolean): Result<null> {
    const wanted = targets(live, what, followed);
    if (!wanted.ok) {
      return wanted;
    }
    const loaded = runResult(live, loader.load(wanted.value));
    if (!loaded.ok) {
      return loaded;
    }
    const changed = loaded.value;
    const audited = followed.following.kind === "changes" ? followed.following.hostnames : [];
    const vanished = changed.filter((runtime) => runtime.manifest === undefined && !audited.includes(runtime.hostname));
    if (!accepted && looksLikeLoss(loader.hostnames().length, vanished.length)) {
      lostReason = `${vanished.length} of ${loader.hostnames().length} runtimes went away without a change on record`;
      return success(null);
    }
    lostReason = "";
    confirmed = ngx.now();
    publishStep(changed, followed.position);
    return success(null);
  }

  function refresh(live: Connection): Result<null> {
    const what = seen.take();
    const rescan = !listener.tracking() && ngx.now() - scannedAt >= RESCAN_SECONDS;
    const everything = what.everything || rescan || lostReason !== "";
    const followed = runResult(live, follow(keys, readPosition()));
    if (!followed.ok) {
      seen.putBack(what);
      return followed;
    }
    const { following, position } = followed.value;
    const wasLost = following.kind === "lost" || lostReason !== "";
    const accepted = wasLost && takeAcceptance();
    if (following.kind === "lost" && !accepted) {
      lostReason = following.reason;
      seen.everything();
      return success(null);
    }
    if (following.kind === "current" && !everything && what.hostnames.length + what.policyIds.length === 0) {
      confirmed = ngx.now();
      return success(null);
    }
    if (everything) {
      scannedAt = ngx.now();
    }
    const [ran, done] = pcall(() => takeOver(live, { ...what, everything }, { position, following }, accepted));
    if (!ran || !done.ok) {
      seen.putBack({ ...what, everything });
    }
    if (!ran) {
      throw done;
    }
    return done;
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
    for (let waited = 0; waited < poll && !stopping(); waited += REST_SECONDS) {
      if (semaphore === undefined) {
        ngx.sleep(REST_SECONDS);
      } else if (semaphore.wait(REST_SECONDS)[0] === true) {
        return;
      }
    }
  }

  const threads = [
    ngx.thread.spawn(listener.run),
    ngx.thread.spawn(() => {
      lease.hold(stopping);
    }),
  ];
  while (!stopping()) {
    const [ran, outcome] = pcall(() => {
      lease.renew();
      const wrong = round();
      discarded.free();
      keeper.save();
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
  for (const thread of threads) {
    ngx.thread.kill(thread);
  }
}
