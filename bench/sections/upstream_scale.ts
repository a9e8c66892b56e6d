import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../spec/e2e/support/until.ts";
import { observe, steadyLoad } from "../load/observe.ts";
import { runLoad, startLoad } from "../load/wrk.ts";
import type { Bench, SectionReport } from "../report/section.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { startPeers, type PeersBackend } from "../stand/backend.ts";
import { prepareGateway, type Gateway } from "../stand/gateway.ts";
import { ask, wasSoAlready } from "../stand/http.ts";
import { memoryOf } from "../stand/process_facts.ts";
import { fillUpstreams, serversBody, upstreamName, upstreamServer, type UpstreamPopulation } from "../upstream_population.ts";
import { reportUpstreamScale, type BigChange, type ChangeTimes, type Start, type WorkerMemory } from "./upstream_scale_report.ts";

const workers = 2;
const storePrefix = "bench:upstream-scale";
const hashKey = `${storePrefix}:upstreams`;
/** The upstream that the load goes to. */
const loaded = "stable";
const serversEach = 20;
const settleSeconds = 2;
const patience = 120_000;
const lookMs = 2;

/** Paths name upstreams, whichever there are. */
const byName = `location ~ ^/to/(?<to>[^/]+)$ {
  set $hostkey "";
  set $backend $to;
  rewrite_by_lua_block { require("dygateway.phases.rewrite").balance() }
  proxy_pass http://$backend/;
}
`;

interface Scene {
  readonly bench: Bench;
  readonly population: UpstreamPopulation;
  readonly peers: PeersBackend;
  readonly nodes: readonly [first: Gateway, ...others: Gateway[]];
}

/** A thousand upstreams of twenty servers each, on three nodes; and one upstream of a thousand. */
export async function measureUpstreamScale(bench: Bench): Promise<SectionReport> {
  const { scale } = bench.settings;
  const count = Math.max(10, Math.round(1000 * scale));
  const big = Math.max(2 * serversEach, Math.round(1000 * scale));
  const peers = await startPeers(bench.site.stand, bench.site.nginx, undefined, "scale-peers", { [loaded]: big + Math.ceil(big / 2) });
  const port = Number(peers.servers(loaded, 1)[0]?.split(":")[1]);
  const first = await node(bench, 1);
  const nodes = [first, await node(bench, 2), await node(bench, 3)] as const;
  const scene: Scene = { bench, population: { count, serversEach, port }, peers, nodes };

  await first.start();
  await first.ready();
  const empty = await settledMemory(bench, first);
  await first.stop();
  first.forgetSnapshot();
  const fill = (from: number, weight: number): Promise<void> =>
    fillUpstreams(bench.redis.client, hashKey, scene.population, peers.servers(loaded, serversEach, from), weight);
  await fill(0, 1);
  const starts: Start[] = [await start(scene, first, "from Redis, no snapshot")];
  await first.ready();
  const full = await settledMemory(bench, first);
  await saved(scene, first);
  await first.stop();
  starts.push(await start(scene, first, "from the snapshot and the written upstream.conf"));
  await first.ready();
  const again = await settledMemory(bench, first);
  for (const other of nodes.slice(1)) {
    starts.push(await start(scene, other, "another node, from Redis"));
    await other.ready();
  }
  await first.upstreamsDone("add_upstream", { upstream: loaded }, serversBody(peers.servers(loaded, serversEach)));
  const turns = Math.max(20, Math.round(200 * scale));
  const changes = [await changesOf(scene, "no requests", turns, 10), await changesUnderLoad(scene, turns, 110)];
  // What holds up a request is one node's affair; others beside it would take the CPUs that it needs.
  for (const other of nodes.slice(1)) {
    await other.stop();
  }
  const bigs = await changeBig(scene, big, () => fill(serversEach, 2));
  await first.stop();
  await peers.stop();
  const memory: WorkerMemory[] = [
    { what: "first start", ...growth(full, empty) },
    { what: "started again", ...growth(again, empty) },
  ];
  return reportUpstreamScale({ count, serversEach, big, workers }, starts, memory, changes, bigs);
}

function node(bench: Bench, number: number): Promise<Gateway> {
  return prepareGateway(bench.site, {
    ...{ name: `upstream-scale-${number}`, storePrefix, workers, hostkey: "scale", probe: "stalls" },
    inServer: byName,
  });
}

/** Seconds from nginx's start to the first right answer, and until each worker had given one. */
async function start({ population, peers }: Scene, gateway: Gateway, what: string): Promise<Start> {
  const started = performance.now();
  const since = (): number => (performance.now() - started) / 1000;
  await gateway.launch();
  let first: number | undefined;
  await everyWorker(gateway, upstreamName(population.count - 1), peers.servers(loaded, serversEach), () => {
    first ??= since();
  });
  const all = since();
  say(`${what}: first right answer after ${(first ?? NaN).toFixed(2)} s, every worker after ${all.toFixed(2)} s`);
  return { what, first: first ?? NaN, all };
}

/** Waits until each worker answers requests for an upstream by one of these servers. */
async function everyWorker(gateway: Gateway, upstream: string, servers: readonly string[], seen: () => void = () => undefined): Promise<void> {
  const hosts = new Set(servers.map((address) => address.slice(0, address.indexOf(":"))));
  const right = new Set<string>();
  await until(`each worker serves ${upstream}`, async () => {
    // Each on a connection of its own: the kernel spreads them over the workers.
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(gateway.port, { path: `/to/${upstream}`, headers: { Host: "bench.test" } })));
    for (const { headers } of answers) {
      if (hosts.has(String(headers["x-peer"]))) {
        seen();
        right.add(String(headers["x-worker"]));
      }
    }
    return right.size === workers;
  }, patience);
}

/** The snapshot and upstream.conf hold them all. A change of ours gives them a number to be known by. */
async function saved({ population }: Scene, gateway: Gateway): Promise<void> {
  await gateway.upstreamsDone("set_peer_weight", { upstream: upstreamName(0), id: 0, value: 7 });
  const names = [upstreamName(0), upstreamName(population.count - 1)];
  await until("snapshot and upstream.conf are written", async () => {
    const { revision, snapshot } = await gateway.status();
    const conf = readFileSync(join(gateway.place.conf, "upstream.conf"), "utf8");
    return snapshot.revision === revision && conf.includes(" weight=7") && names.every((name) => conf.includes(`upstream ${name} {`));
  }, patience);
}

type Anonymous = Readonly<Record<"own" | "resident" | "leader", number>>;

/** Bytes of a worker that follows, and of the one that reads Redis, after some traffic. */
async function settledMemory(bench: Bench, gateway: Gateway): Promise<Anonymous> {
  await gateway.idle();
  await runLoad(steadyLoad(bench, gateway), settleSeconds);
  await gateway.idle();
  const alive = (await gateway.status()).workers.filter((worker) => worker.alive);
  const leader = memoryOf(alive.find((worker) => worker.leader)?.pid ?? -1);
  const follower = memoryOf(alive.find((worker) => !worker.leader)?.pid ?? -1);
  if (leader === undefined || follower === undefined) {
    throw new BenchError(`of ${workers} workers ${alive.length} report\n${gateway.logEnd()}`);
  }
  return { own: follower.anonymous, resident: follower.resident, leader: leader.anonymous };
}

function growth(after: Anonymous, before: Anonymous): Anonymous {
  return { own: after.own - before.own, resident: after.resident - before.resident, leader: after.leader - before.leader };
}

/**
 * Changes one server of one upstream after the other: until all workers of its node have it, and those of every node.
 *
 * @param weight the first of ninety that are set; none of them is there before.
 */
async function changesOf({ population, nodes: [first, ...others] }: Scene, what: string, turns: number, weight: number): Promise<ChangeTimes> {
  const node: number[] = [];
  const cluster: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const index = (turn * 7919) % (population.count - 1);
    // Not in step with the workers, which look every few hundredths of a second.
    await pause((turn * 7) % 40);
    const parameters = { upstream: upstreamName(index), ip: upstreamServer(population, index, 0), port: population.port, value: weight + (turn % 90) };
    const started = performance.now();
    const answer = await first.upstreamsDone("set_peer_weight", parameters);
    const { milliseconds, revision, applied } = answer;
    if (revision === undefined || applied === undefined || applied.done < applied.of || wasSoAlready(answer)) {
      throw new BenchError(`a change was answered '${answer.desc}' when ${applied?.done ?? 0} of ${applied?.of ?? workers} workers had it`);
    }
    await Promise.all(others.map((other) => reaches(other, revision)));
    node.push(milliseconds);
    cluster.push(performance.now() - started);
  }
  say(`${turns} changes, ${what}: at most ${Math.max(...node).toFixed(0)} ms on the node, ${Math.max(...cluster).toFixed(0)} ms on all`);
  return { what, node, cluster };
}

async function reaches(gateway: Gateway, revision: number): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    const alive = (await gateway.status()).workers.filter((worker) => worker.alive);
    if (alive.length === workers && alive.every((worker) => worker.revision >= revision)) {
      return;
    }
    if (performance.now() > deadline) {
      throw new BenchError(`a node does not follow to revision ${revision}\n${gateway.logEnd()}`);
    }
    await pause(lookMs);
  }
}

async function changesUnderLoad(scene: Scene, turns: number, weight: number): Promise<ChangeTimes> {
  const running = startLoad(steadyLoad(scene.bench, scene.nodes[0]));
  try {
    await running.started;
    return await changesOf(scene, "2,000 requests a second", turns, weight);
  } finally {
    running.stop();
    await running.result.catch(() => undefined);
  }
}

/** What requests notice while large things change: the upstream that they go to, or all the others. */
async function changeBig({ bench, population, peers, nodes: [gateway] }: Scene, big: number, rewriteAll: () => Promise<void>): Promise<BigChange[]> {
  const load = steadyLoad(bench, gateway);
  const servers = peers.servers(loaded, big);
  const others = peers.servers(loaded, big, Math.ceil(big / 2));
  const [host = "", port = ""] = (others[0] ?? "").split(":");
  const changes: BigChange[] = [];
  const during = async (kind: BigChange["kind"], what: string, work: () => Promise<unknown>): Promise<void> => {
    const seen = { what, kind, ...(await observe(gateway, load, work)) };
    say(`${what}: ${seen.seconds.toFixed(2)} s; p99 ${seen.load.p99.toFixed(1)} ms, longest stop ${seen.stallCpu.toFixed(1)} ms`);
    changes.push(seen);
  };
  const change = (action: string, parameters: Readonly<Record<string, string | number>>, body?: string): Promise<unknown> =>
    gateway.upstreamsDone(action, { upstream: loaded, ...parameters }, body);
  await during("quiet", "nothing else", () => pause(bench.settings.seconds * 1000));
  await during("big", "set whole", () => change("add_upstream", {}, serversBody(servers)));
  await during("big", "one weight", () => change("set_peer_weight", { id: 0, value: 5 }));
  await during("big", "half replaced", () => change("add_upstream", {}, serversBody(others)));
  await during("big", "drain one", () => change("drain_peer", { ip: host, port }));
  await during("big", "to hash", () => change("set_upstream", { strategy: "hash $uri consistent" }));
  await during("big", "one weight, hash", () => change("set_peer_weight", { ip: host, port, value: 7 }));
  const last = upstreamName(population.count - 1);
  await during("all", "all rewritten", async () => {
    await rewriteAll();
    await everyWorker(gateway, last, peers.servers(loaded, serversEach, serversEach));
  });
  return changes;
}
