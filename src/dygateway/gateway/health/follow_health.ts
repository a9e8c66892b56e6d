import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import { createFailureAccount } from "../../core/upstream/failure_account.ts";
import type { PeerHealth } from "../../core/upstream/health.ts";
import { leaderPid } from "../leader.ts";
import { logErrorSometimes } from "../log.ts";
import { thisNode } from "../node_settings.ts";
import { pacer } from "../pace.ts";
import { publish, readPosition } from "../shared_state.ts";
import { readUpstreamText } from "../shared_upstreams.ts";
import { settledBalancer, upstreamsInForce } from "../upstreams.ts";
import { createChangeLog } from "./change_log.ts";
import { createChecks } from "./checks.ts";
import { publishEvents } from "./events.ts";
import type { PeerEvent } from "./events.ts";
import { createHealthKeeper } from "./health_file.ts";
import { watchNames } from "./names.ts";
import { countRound, HEALTH, noRecord, readHealth, recordWriter } from "./records.ts";
import type { HealthRecord, NamedRecord } from "./records.ts";
import { listenToEvents } from "./tick.ts";

const STEP_SECONDS = 0.05;
/** Seconds until results that change nothing are on record: when a peer was checked last. */
const REFRESH_SECONDS = 1;

/** Seconds between two writings of a record while failures come in. */
const SETTLE_SECONDS = 0.25;
/** Seconds between two looks for upstreams that were removed. */
const SWEEP_SECONDS = 1;

function isServed(upstream: string): boolean {
  return upstreamsInForce()[upstream]?.balancer !== undefined;
}

/** Workers build anew what a step names; the definitions are the same. */
export function publishMoved(names: readonly string[]): void {
  const upstreams = [];
  for (const name of names) {
    const manifest = readUpstreamText(name);
    if (manifest !== undefined) {
      upstreams.push({ name, manifest });
    }
  }
  publish({ runtimes: [], hostnames: undefined, upstreams, upstreamNames: undefined }, readPosition());
}

/**
 * The leading worker's work for peers: checks them, resolves names, and keeps on record what the node knows. Returns
 * when the worker is to exit or does not lead any more.
 */
export function followHealth(stopping: (this: void) => boolean): void {
  const { settings } = thisNode();
  const writer = recordWriter<HealthRecord>(HEALTH);
  const pause = pacer();
  const keeper = createHealthKeeper(settings.snapshotDir, pause);
  const changes = createChangeLog();
  const failures = createFailureAccount();
  /** Upstreams whose record is to be written, at the latest when. */
  const dirty: Lookup<number> = lookup();
  const refreshed: Lookup<number> = lookup();
  let events: PeerEvent[] = [];
  let built: Lookup<boolean> = lookup();
  let moved: Lookup<boolean> = lookup();
  let sweptAt = 0;
  let countedAt = 0;

  const checks = createChecks((peer, before) => {
    const { upstream, address, check, health } = peer;
    const isNews = health.up !== before.up || health.reason !== before.reason || before.checked === 0;
    if (health.up !== before.up) {
      events.push({ kind: health.up ? "up" : "down", upstream, address, count: 0, at: health.since });
      changes.changed(peer);
      keeper.changed();
    }
    const since = refreshed[upstream] ?? 0;
    const due = isNews ? 0 : since + Math.max(REFRESH_SECONDS, check.interval);
    dirty[upstream] = Math.min(dirty[upstream] ?? due, due);
  }, stopping);

  const names = watchNames(
    settings.upstreams?.resolvers ?? [],
    (upstreams) => {
      for (const name of upstreams) {
        moved[name] = true;
      }
    },
    keeper.changed,
    stopping,
  );

  function watch(upstream: string): void {
    const balancer = settledBalancer(upstream);
    const record = readHealth(upstream) ?? noRecord;
    names.watch(upstream, balancer?.upstream);
    checks.watch(upstream, balancer, record.checks);
    failures.watch(upstream, balancer);
    dirty[upstream] = 0;
  }

  function writeRecords(now: number): void {
    const records: NamedRecord<HealthRecord>[] = [];
    const empty: string[] = [];
    for (const name of Object.keys(dirty)) {
      if (dirty[name]! <= now) {
        delete dirty[name];
        refreshed[name] = now;
        const record = { checks: checks.known(name), failures: failures.known(name) };
        if (isEmpty(record)) {
          delete refreshed[name];
          empty.push(name);
        } else {
          records.push({ name, record });
        }
      }
    }
    writer.write(records, pause);
    writer.remove(empty);
    // What was told before the last round was due by now.
    if (now - countedAt >= SETTLE_SECONDS || now < countedAt) {
      countedAt = now;
      countRound();
    }
  }

  /** Upstreams that came or changed; once in a while those that went, which nobody builds. */
  function watchBuilt(now: number): void {
    const fresh = built;
    built = lookup();
    if (now - sweptAt >= SWEEP_SECONDS || now < sweptAt) {
      sweptAt = now;
      for (const name of writer.names()) {
        if (!isServed(name)) {
          fresh[name] = true;
        }
      }
      names.sweep((name) => !isServed(name), now);
    }
    for (const name of Object.keys(fresh)) {
      watch(name);
      pause();
    }
  }

  function tellMoved(): void {
    const names = Object.keys(moved);
    if (names.length === 0) {
      return;
    }
    const [published, reason] = pcall(publishMoved, names);
    if (published) {
      moved = lookup();
    } else {
      // They are told of again in the next step: their addresses are on record, and nothing else would look.
      logErrorSometimes("health moved", `addresses of servers could not be handed on: ${tostring(reason)}`);
    }
  }

  function step(): void {
    const now = ngx.now();
    watchBuilt(now);
    checks.step(now);
    names.step(now);
    const told = events;
    events = [];
    // What is told is on record by then: whoever builds an upstream meanwhile sees one or the other.
    writeRecords(now);
    publishEvents(told);
    tellMoved();
    changes.step(now);
    keeper.save();
  }

  listenToEvents(
    (event) => {
      const { kind } = event;
      if (kind === "failed" || kind === "recovered") {
        failures.hear({ ...event, kind }, settledBalancer(event.upstream));
        const due = (refreshed[event.upstream] ?? 0) + SETTLE_SECONDS;
        dirty[event.upstream] = Math.min(dirty[event.upstream] ?? due, due);
      }
    },
    (name) => {
      built[name] = true;
    },
  );
  for (const name of Object.keys(upstreamsInForce())) {
    built[name] = true;
  }
  for (const name of writer.names()) {
    built[name] = true;
  }
  while (!stopping()) {
    // A worker that was stopped for a while, and goes on, may have a successor by now.
    if (leaderPid() === ngx.worker.pid()) {
      const [stepped, reason] = pcall(step);
      if (!stepped) {
        logErrorSometimes("health step", `health checks: ${tostring(reason)}`);
      }
    }
    ngx.sleep(STEP_SECONDS);
  }
  listenToEvents(undefined, undefined);
  checks.close();
  names.close();
}

function isEmpty(record: { readonly checks: Lookup<PeerHealth>; readonly failures: Lookup<unknown> }): boolean {
  return Object.keys(record.checks).length === 0 && Object.keys(record.failures).length === 0;
}
