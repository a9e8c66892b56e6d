import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import type { Pause } from "../../core/result.ts";
import type { Balancer, Peer } from "../../core/upstream/balancer.ts";
import { logErrorSometimes } from "../log.ts";
import { settledBalancer, upstreamsInForce } from "../upstreams.ts";
import { hasBuilt, takeBuilt, takeOver } from "./adopt.ts";
import { eventReader } from "./events.ts";
import type { EventReader, PeerEvent } from "./events.ts";
import { hasLearned, shareLearned } from "./passive.ts";
import { recordRounds } from "./records.ts";

/** What else this worker does with each event: set while it leads. */
let listener: ((this: void, event: PeerEvent) => void) | undefined;
/** Names of upstreams that were built, for the leading worker. */
let builtListener: ((this: void, name: string) => void) | undefined;

export function listenToEvents(
  onEvent: ((this: void, event: PeerEvent) => void) | undefined,
  onBuilt: ((this: void, name: string) => void) | undefined,
): void {
  listener = onEvent;
  builtListener = onBuilt;
}

interface Indexed {
  readonly balancer: Balancer;
  /** By address: a name and its address, or two names, may lead to the same one. */
  readonly peers: Lookup<Peer[]>;
}

function indexed(upstream: string): Indexed | undefined {
  const balancer = settledBalancer(upstream);
  if (balancer === undefined) {
    return undefined;
  }
  const peers: Lookup<Peer[]> = lookup();
  for (const peer of balancer.peers) {
    (peers[peer.address] ??= []).push(peer);
  }
  return { balancer, peers };
}

function apply(event: PeerEvent, isOwn: boolean, balancer: Balancer, peer: Peer): void {
  if (event.kind === "up" || event.kind === "down") {
    // Its check may have been removed since.
    balancer.setHealthy(peer, event.kind === "up" || balancer.upstream.check === undefined, ngx.time());
  } else if (isOwn) {
    return;
  } else if (event.kind === "recovered") {
    balancer.hearRecovery(peer, event.at);
  } else {
    // More than so many change nothing.
    for (let n = 0; n < Math.min(event.count, peer.server.maxFails); n++) {
      balancer.hearFailure(peer, event.at);
    }
  }
}

/**
 * Rounds of the leading worker's records after its first tick at which a worker takes them all over once more: what was
 * told just before it began to listen may have come on record only after it had read it. One round is under way, in the
 * next the leader may still be about to hear of it. Rounds and not seconds: a leader that has just died has a successor
 * first, and that one may have much to begin with.
 */
const ROUNDS_UNTIL_ON_RECORD = 3;
let began: number | undefined;
/** Peers, as `<upstream> <address>`, of whose recovery this worker has heard until then; undefined afterwards. */
let recovered: Lookup<boolean> | undefined = lookup();

let reader: EventReader | undefined;

/** Nothing in here yields: an upstream that is replaced meanwhile would be told nothing. */
function hear(): boolean {
  reader ??= eventReader();
  const known: Lookup<Indexed> = lookup();
  const complete = reader.read((event, isOwn) => {
    const target = known[event.upstream] ?? indexed(event.upstream);
    if (target !== undefined) {
      known[event.upstream] = target;
      for (const peer of target.peers[event.address] ?? []) {
        apply(event, isOwn, target.balancer, peer);
      }
    }
    if (recovered !== undefined && event.kind === "recovered") {
      recovered[`${event.upstream} ${event.address}`] = true;
    }
    listener?.(event);
  });
  return complete;
}

function takeOverAgain(names: readonly string[], pause: Pause): void {
  const known = recovered;
  for (const name of names) {
    pause();
    const balancer = settledBalancer(name);
    if (balancer !== undefined) {
      takeOver(balancer, (address) => known?.[`${name} ${address}`] === true);
    }
  }
}

/** Whether it is time to take over all records once more: once in a worker's life. */
function isOnRecord(): boolean {
  if (recovered === undefined) {
    return false;
  }
  const rounds = recordRounds();
  began ??= rounds;
  return rounds - began >= ROUNDS_UNTIL_ON_RECORD;
}

let ticking = false;

function share(pause: Pause): void {
  shareLearned();
  const complete = hear();
  const built = takeBuilt();
  const isOnRecordNow = isOnRecord();
  const all = !complete || isOnRecordNow;
  if (!all && built.length === 0) {
    return;
  }
  takeOverAgain(all ? Object.keys(upstreamsInForce()) : built, pause);
  if (isOnRecordNow) {
    recovered = undefined;
  }
  for (const name of built) {
    builtListener?.(name);
  }
}

/** Whether `tickHealth` has anything to do. */
export function isHealthDue(): boolean {
  return reader === undefined || recovered !== undefined || hasLearned() || hasBuilt() || reader.hasNews();
}

/** Shares what workers know of peers, many times a second. */
export function tickHealth(pause: Pause): void {
  if (ticking) {
    return;
  }
  ticking = true;
  const [shared, reason] = pcall(share, pause);
  ticking = false;
  if (!shared) {
    logErrorSometimes("health", `what is known of peers could not be shared: ${tostring(reason)}`);
  }
}
