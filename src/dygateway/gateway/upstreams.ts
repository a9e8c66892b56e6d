import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Pause } from "../core/result.ts";
import type { UpstreamManifest } from "../core/store/upstream_manifest.ts";
import { prepareBalancer } from "../core/upstream/balancer.ts";
import type { Balancer } from "../core/upstream/balancer.ts";
import { blockText, firstPattern, nextPattern, PATTERNS } from "../core/upstream/block_text.ts";
import { closingBlock, foldedName, keepaliveBlock } from "../core/upstream/name.ts";
import { parseConfBody } from "../core/upstream/parse.ts";
import { parseStored } from "../core/upstream/stored.ts";
import { adoptHealth, adoptLater, resolvedServers } from "./health/adopt.ts";
import { keyReader } from "./hash_key.ts";
import type { ReadKey } from "./hash_key.ts";
import { isDumped, staticUpstreams } from "./static_upstreams.ts";

/** A dynamic upstream as this worker serves it; replaced whole. */
export interface LiveUpstream {
  readonly name: string;
  /** Undefined where the name is to be nobody's: a tombstone. */
  readonly balancer: Balancer | undefined;
  /** The block of nginx.conf that its requests go through, in capitals of its own: see core/upstream/block_text.ts. */
  readonly block: string;
  /** Whether that is the block that keeps connections. */
  readonly isKept: boolean;
  /** Undefined where its strategy needs no key. */
  readonly readKey: ReadKey | undefined;
  /** Why what the store holds is not what is served; undefined where it is. */
  readonly problem: string | undefined;
}

/** What this worker has in force, by name. */
const live: Lookup<LiveUpstream> = lookup();
/** The same by the name without regard to case: nginx takes `Stable` for its upstream `stable`. */
const folded: Lookup<LiveUpstream> = lookup();
/** The same by what they write into `$backend`. */
const byBlock: Lookup<LiveUpstream> = lookup();
/** Whose the patterns of capitals are, and what a name has of its own. */
const patternOwners: Record<number, string | undefined> = {};
const ownBlocks: Lookup<OwnBlocks> = lookup();
/** Names that the store holds and nothing can be served for, with the reason. */
const broken: Lookup<string> = lookup();
let count = 0;

/**
 * Whether there are any: without, requests are none the slower.
 * @inlined
 */
export function hasUpstreams(): boolean {
  return count > 0;
}

/**
 * The dynamic upstream of a name; undefined where the name is nginx's own to know, or nobody's.
 * @inlined
 */
export function liveUpstream(name: string): LiveUpstream | undefined {
  const upstream = live[name] ?? folded[string.lower(name)];
  return upstream;
}

/**
 * The dynamic upstream that a request's `$backend` stands for after its rewrite phase, or after that of the request whose
 * subrequest it is.
 * @inlined
 */
export function upstreamOfBlock(block: string): LiveUpstream | undefined {
  const upstream = byBlock[block];
  return upstream;
}

/** An upstream's balancer, to look at its peers; undefined for a tombstone, and where there is none of that very name. */
export function settledBalancer(name: string): Balancer | undefined {
  const balancer = live[name]?.balancer;
  balancer?.settle(ngx.time());
  return balancer;
}

/** All of them by name, tombstones too. Not to be changed. */
export function upstreamsInForce(): Lookup<LiveUpstream> {
  return live;
}

/** Whether nginx takes two of them for one: see `clashingNames`. Cheaply; of a tombstone it may say so in error. */
export function mayClash(): boolean {
  for (const name of Object.keys(live)) {
    if (folded[foldedName(name)] !== live[name]) {
      return true;
    }
  }
  return false;
}

/** Names whose stored definition cannot be used, with the reason; the last good one may be served. */
export function brokenUpstreams(): Lookup<string> {
  return broken;
}

/** Peers that are taken over in one go; a thousand take about a millisecond. */
const PEERS_AT_ONCE = 250;

export interface ReplacedUpstream {
  readonly name: string;
  /** Undefined where nothing is served for the name any more. */
  readonly upstream: LiveUpstream | undefined;
  readonly problem: string | undefined;
}

/** The blocks of nginx.conf in the capitals of one name. */
interface OwnBlocks {
  readonly pattern: number;
  readonly keeping: string;
  readonly closing: string;
}

/** The name's own as long as it is served. With more upstreams than patterns, those that come last have none. */
function blockOf(name: string, isKept: boolean): string {
  let own = ownBlocks[name];
  if (own === undefined && count < PATTERNS / 2) {
    let pattern = firstPattern(name);
    while (patternOwners[pattern] !== undefined) {
      pattern = nextPattern(pattern);
    }
    own = { pattern, keeping: blockText(keepaliveBlock, pattern), closing: blockText(closingBlock, pattern) };
    ownBlocks[name] = own;
    patternOwners[pattern] = name;
  }
  return isKept ? (own?.keeping ?? keepaliveBlock) : (own?.closing ?? closingBlock);
}

/** Both, as requests may be under way that were sent to the other when the upstream was edited. */
function pointBlocks(name: string, upstream: LiveUpstream | undefined): void {
  const own = ownBlocks[name];
  if (own === undefined) {
    return;
  }
  if (upstream === undefined) {
    delete byBlock[own.keeping];
    delete byBlock[own.closing];
    delete ownBlocks[name];
    patternOwners[own.pattern] = undefined;
  } else {
    byBlock[own.keeping] = upstream;
    byBlock[own.closing] = upstream;
  }
}

function tombstone(name: string): LiveUpstream {
  return { name, balancer: undefined, block: blockOf(name, false), isKept: false, readKey: undefined, problem: undefined };
}

/**
 * What is served for a name of which the store says nothing: nginx goes by its own configuration, unless that is what
 * the gateway once wrote there for the store.
 */
function withoutStore(name: string): UpstreamManifest {
  const body = isDumped(name) ? staticUpstreams().body(name) : undefined;
  return body === undefined ? { name, removed: isDumped(name) } : { name, body };
}

/** Makes of a published manifest what is to be swapped in. What is in force stays as it is until then. */
export function buildUpstream(name: string, published: UpstreamManifest | undefined, pause: Pause): ReplacedUpstream {
  const manifest = published ?? withoutStore(name);
  const { problem } = manifest;
  if (manifest.body === undefined) {
    return { name, upstream: manifest.removed === true ? tombstone(name) : undefined, problem };
  }
  // A static definition may say what means nothing here.
  const parsed = published === undefined ? parseConfBody(manifest.body, pause) : parseStored(manifest.body, pause);
  if (!parsed.ok || parsed.value === "removed") {
    const reason = parsed.ok ? "a tombstone in the place of a body" : parsed.error.desc;
    return { name, upstream: undefined, problem: reason };
  }
  const upstream = parsed.value;
  const previous = live[name]?.balancer;
  const balancer = prepareBalancer({
    name,
    upstream,
    addresses: resolvedServers(upstream, previous?.peers ?? [], pause),
    previous,
    random: math.random,
    pause,
    settled: adoptHealth,
  });
  const isKept = upstream.keepalive?.connections !== 0;
  const block = blockOf(name, isKept);
  return { name, upstream: { name, balancer, block, isKept, readKey: keyReader(balancer), problem }, problem };
}

/**
 * Replaces them between two requests: nothing in here yields, so no request sees one without the other. Where they have
 * many peers, those are taken over afterwards: by the worker's next tick, in slices, or by the first request.
 */
export function replaceUpstreams(replaced: readonly ReplacedUpstream[]): void {
  const now = ngx.time();
  let room = PEERS_AT_ONCE;
  for (const { name, upstream, problem } of replaced) {
    const before = live[name];
    const balancer = upstream?.balancer;
    room -= balancer?.peers.length ?? 0;
    if (balancer !== undefined && room >= 0) {
      balancer.settle(now);
    } else if (balancer !== undefined) {
      adoptLater(name);
    }
    pointBlocks(name, upstream);
    if (upstream === undefined) {
      delete live[name];
      delete folded[foldedName(name)];
    } else {
      live[name] = upstream;
      folded[foldedName(name)] = upstream;
    }
    count += (upstream === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    if (problem === undefined) {
      delete broken[name];
    } else {
      broken[name] = problem;
    }
  }
}
