import { setTimeout as pause } from "node:timers/promises";
import { appointPolicy, firstGroup, groupBody, population, secondGroup } from "../population.ts";
import { target, type Bench, type SectionReport } from "../report/section.ts";
import { megabytes, seconds, table } from "../report/table.ts";
import { say } from "../say.ts";
import { median } from "../statistics.ts";
import { BenchError } from "../settings.ts";
import { prepareGateway, type Gateway } from "../stand/gateway.ts";
import { memoryOf, type Memory } from "../stand/process_facts.ts";
import { runLoad } from "../load/wrk.ts";

const workers = 3;
const hostname = "memory";
/** Traffic after a change: it is what makes LuaJIT collect its garbage. */
const settleSeconds = 3;
const replacements = 4;

/** Of the workers that neither took the upload nor read the store, and of the one that did read it. */
interface Usage {
  readonly follower: Memory;
  readonly leader: Memory;
  readonly dictFree: number;
}

interface Growth {
  readonly what: string;
  readonly follower: Memory;
  readonly leader: Memory;
  readonly dict: number;
  /** Seconds from the call until every worker had it. */
  readonly loadSeconds: number;
}

/** What a worker holds of a million uids, and of the whole group. */
export async function measureMemory(bench: Bench): Promise<SectionReport> {
  const people = population(bench.settings.scale);
  const gateway = await prepareGateway(bench.site, { name: "memory", workers, hostkey: hostname, probe: "counts" });
  await gateway.start();
  await gateway.ready();
  say(`storing ${people.uids.toLocaleString("en-US")} uids and two groups`);
  const policy = (await gateway.done("policy_set", {}, appointPolicy(people, "beta1"))).data as { policyid: number };
  const first = (await gateway.done("policygroup_set", {}, groupBody(people, firstGroup))).data as { groupid: number };
  const second = (await gateway.done("policygroup_set", {}, groupBody(people, secondGroup))).data as { groupid: number };

  const uids = await growth(bench, gateway, "the uids alone", { policyid: policy.policyid });
  const group = await growth(bench, gateway, "the group", { policygroupid: first.groupid });
  const before = await usage(gateway);
  for (let turn = 0; turn < replacements; turn++) {
    await gateway.done("runtime_set", { hostname, policygroupid: turn % 2 === 0 ? second.groupid : first.groupid });
  }
  const after = await settled(bench, gateway);
  await gateway.stop();
  return report(people.uids, [uids, group, replaced(before, after, group)]);
}

/** What a runtime adds to workers that have done nothing else: they are new, and the upload was to others. */
async function growth(bench: Bench, gateway: Gateway, what: string, wanted: Readonly<Record<string, number>>): Promise<Growth> {
  await gateway.done("runtime_del", { hostname });
  await gateway.stop();
  gateway.forgetSnapshot();
  await gateway.start();
  await gateway.ready();
  const before = await settled(bench, gateway);
  const set = await gateway.done("runtime_set", { hostname, ...wanted });
  if (set.applied?.done !== workers) {
    throw new BenchError(`runtime_set was answered when ${set.applied?.done ?? 0} of ${workers} workers had it`);
  }
  const after = await settled(bench, gateway);
  say(`${what}: loaded in ${seconds(set.milliseconds / 1000)}`);
  return {
    what,
    follower: difference(after.follower, before.follower),
    leader: difference(after.leader, before.leader),
    dict: before.dictFree - after.dictFree,
    loadSeconds: set.milliseconds / 1000,
  };
}

function replaced(before: Usage, after: Usage, group: Growth): Growth {
  const sum = (one: Memory, other: Memory): Memory => ({
    resident: one.resident + other.resident,
    proportional: one.proportional + other.proportional,
    anonymous: one.anonymous + other.anonymous,
    peak: one.peak + other.peak,
  });
  return {
    what: `the group, after ${replacements} replacements`,
    follower: sum(group.follower, difference(after.follower, before.follower)),
    leader: sum(group.leader, difference(after.leader, before.leader)),
    dict: group.dict + before.dictFree - after.dictFree,
    loadSeconds: NaN,
  };
}

async function settled(bench: Bench, gateway: Gateway): Promise<Usage> {
  await gateway.idle();
  const people = population(bench.settings.scale);
  await runLoad({ port: gateway.port, people, connections: 32, seed: 7, users: 20_000, cpu: undefined }, settleSeconds);
  await gateway.idle();
  // The probe's figures are a second old at most.
  await pause(1200);
  return usage(gateway);
}

async function usage(gateway: Gateway): Promise<Usage> {
  const alive = (await gateway.status()).workers.filter((worker) => worker.alive);
  const leader = alive.find((worker) => worker.leader);
  const memories = (pids: readonly number[]): Memory[] => pids.flatMap((pid) => memoryOf(pid) ?? []);
  const followers = memories(alive.filter((worker) => !worker.leader).map(({ pid }) => pid));
  const [ofLeader] = memories(leader === undefined ? [] : [leader.pid]);
  if (ofLeader === undefined || followers.length !== workers - 1) {
    throw new BenchError(`of ${workers} workers ${alive.length} report, ${followers.length} of them without leading`);
  }
  const each = (field: keyof Memory): number => median(followers.map((memory) => memory[field]));
  const follower = { resident: each("resident"), proportional: each("proportional"), anonymous: each("anonymous"), peak: each("peak") };
  const probed = (await gateway.probe?.read())?.get(alive[0]?.pid ?? -1);
  return { follower, leader: ofLeader, dictFree: probed?.["dict_free"] ?? NaN };
}

function difference(after: Memory, before: Memory): Memory {
  return {
    resident: after.resident - before.resident,
    proportional: after.proportional - before.proportional,
    anonymous: after.anonymous - before.anonymous,
    peak: after.peak - before.resident,
  };
}

function report(uids: number, growths: readonly Growth[]): SectionReport {
  const mb = (bytes: number): string => megabytes(bytes);
  const rows = growths.flatMap(({ what, follower, leader, dict }) =>
    ([[what, follower, dict], ["  in the worker that reads Redis", leader, NaN]] as const).map(([label, memory, shared]) => [
      label,
      mb(memory.anonymous),
      mb(memory.proportional),
      mb(memory.resident),
      mb(memory.peak),
      Number.isNaN(shared) ? "" : mb(shared),
    ]),
  );
  const [alone, group, replaced] = growths;
  const own = alone?.follower.anonymous ?? NaN;
  const loads = growths.filter(({ loadSeconds }) => !Number.isNaN(loadSeconds));
  return {
    title: "Memory of each worker",
    method:
      `${workers} workers, fresh ones for each measurement, so that the upload and its garbage are not in it; the growth from before ` +
      "runtime_set to after it, each time after some seconds of traffic. `own` is anonymous memory, `PSS` and `RSS` count the " +
      "pages of the shared dict that the worker has touched (a share of them, and all of them); `peak` is the most that was " +
      "resident meanwhile; `dict` is what the node has once, in the shared dict.",
    tables: [
      table(["growth", "own", "PSS", "RSS", "peak", "dict"], rows),
      `${(own / uids).toFixed(1)} bytes a uid in each worker.`,
      table(["time until every worker had it", "seconds"], loads.map(({ what, loadSeconds }) => [what, loadSeconds.toFixed(2)])),
    ],
    targets: [
      target(`at most 16 MB a worker for ${uids.toLocaleString("en-US")} uids`, own / 1e6, 16, (value) => `${value.toFixed(1)} MB`),
      target("no more after replacements than a quarter above the first time", replaced?.follower.anonymous ?? NaN, 1.25 * (group?.follower.anonymous ?? NaN), mb),
    ],
  };
}
