import { setTimeout as pause } from "node:timers/promises";
import { steadyLoad } from "../load/observe.ts";
import { paced } from "../load/pace.ts";
import { startLoad } from "../load/wrk.ts";
import type { Bench, SectionReport } from "../report/section.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { takeSample, type Sample } from "../soak/samples.ts";
import { startPeers, type PeersBackend } from "../stand/backend.ts";
import { prepareGateway, type Gateway } from "../stand/gateway.ts";
import { descriptorsOf, memoryOf } from "../stand/process_facts.ts";
import { Edits, laneEdits, mixedEdits } from "./upstream_edits.ts";
import { reportUpstreamChanges, type Count, type Phase } from "./upstream_changes_report.ts";

const workers = 2;
const upstream = "stable";
const servers = 10;
const shortChanges = 200;
const shortSeconds = 10;
/** Before the long run, and of its kind: memory finds its size, once (see docs/performance.md). */
const firstChanges = 5000;
const longChanges = 5000;
const longRate = 200;
/** Before anything is counted: connections to every server are made, code is compiled. */
const warmUpMs = 3000;
const samplesInAll = 40;

interface Scene {
  readonly bench: Bench;
  readonly gateway: Gateway;
  readonly peers: PeersBackend;
}

/** What requests and processes notice while the members of an upstream change again and again. */
export async function measureUpstreamChanges(bench: Bench): Promise<SectionReport> {
  const { stand, nginx } = bench.site;
  const peers = await startPeers(stand, nginx, undefined, "changing-peers", { [upstream]: servers + 1 });
  const gateway = await prepareGateway(bench.site, { name: "upstream-changes", workers, hostkey: "changes", probe: "counts" });
  await gateway.start();
  await gateway.ready();
  const addresses = peers.servers(upstream, servers);
  const [spare = ""] = peers.servers(upstream, 1, servers);
  const body = addresses.map((address) => `server ${address};`).join(" ");
  await gateway.upstreamsDone("add_upstream", { upstream }, body);
  const scene = { bench, gateway, peers };

  const quiet = await phase(scene, "nothing else", async () => {
    await pause(shortSeconds * 1000);
  });
  const short = await phase(scene, `${shortChanges} changes in ${shortSeconds} s`, async (edits) => {
    await paced(shortChanges, shortChanges / shortSeconds, (number) => edits.make(mixedEdits(addresses, spare, number)));
  });
  const scaled = (changes: number): number => Math.max(shortChanges, Math.round(changes * bench.settings.scale));
  const few = scaled(firstChanges);
  const first = await phase(scene, `the first ${few.toLocaleString("en-US")} at ${longRate}/s`, (edits) => changeFromLanes(edits, addresses, 0, few));
  const count = scaled(longChanges);
  const samples: Sample[] = [];
  const long = await phase(scene, `${count.toLocaleString("en-US")} more at ${longRate}/s`, async (edits) => {
    await sampled(scene, samples, count / longRate / samplesInAll, changeFromLanes(edits, addresses, few, count));
  });
  await gateway.stop();
  await peers.stop();
  return reportUpstreamChanges([quiet, short, first, long], samples);
}

/**
 * Several callers, side by side: a change is answered only when every worker has it.
 * @param made how many there were before.
 */
async function changeFromLanes(edits: Edits, addresses: readonly string[], made: number, count: number): Promise<void> {
  const lanes = Array.from({ length: 2 * addresses.length }, (_, lane) => lane);
  const ofEach = (changes: number): number => Math.ceil(changes / lanes.length);
  const change = (lane: number) => (number: number) => edits.make(laneEdits(addresses, lane, ofEach(made) + number));
  await Promise.all(lanes.map((lane) => paced(ofEach(count), longRate / lanes.length, change(lane))));
}

/** @param every seconds. */
async function sampled({ bench, gateway }: Scene, samples: Sample[], every: number, work: Promise<void>): Promise<void> {
  const started = performance.now();
  const state: { ended: boolean } = { ended: false };
  const sampling = (async () => {
    while (!state.ended) {
      samples.push(await takeSample(gateway, bench.redis, (performance.now() - started) / 60_000));
      await pause(every * 1000);
    }
  })();
  try {
    await work;
  } finally {
    state.ended = true;
    await sampling;
  }
}

async function phase({ bench, gateway, peers }: Scene, what: string, work: (edits: Edits) => Promise<void>): Promise<Phase> {
  const edits = new Edits(gateway, upstream);
  const running = startLoad(steadyLoad(bench, gateway));
  try {
    await running.started;
    await pause(warmUpMs);
    const before = await countAll(gateway, peers);
    const started = performance.now();
    await work(edits);
    const seconds = (performance.now() - started) / 1000;
    const after = await countAll(gateway, peers);
    running.stop();
    const load = await running.result;
    const { tally } = edits;
    say(`${what}: ${seconds.toFixed(1)} s, ${tally.times.length} done, ${tally.failed} failed; ${load.failed} requests failed; ${after.accepted - before.accepted} new connections`);
    return { what, seconds, load, tally, before, after };
  } finally {
    running.stop();
    await running.result.catch(() => undefined);
  }
}

async function countAll(gateway: Gateway, peers: PeersBackend): Promise<Count> {
  const pids = gateway.workerPids();
  const memories = pids.flatMap((pid) => memoryOf(pid) ?? []);
  const descriptors = pids.flatMap((pid) => descriptorsOf(pid) ?? []);
  if (memories.length !== workers || descriptors.length !== workers) {
    throw new BenchError(`${pids.length} workers run, and not ${workers}\n${gateway.logEnd()}`);
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    accepted: await peers.accepted(),
    descriptors: Math.max(...descriptors),
    resident: mean(memories.map(({ resident }) => resident)),
  };
}
