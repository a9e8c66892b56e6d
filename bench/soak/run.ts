import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { findNginx } from "../../src/node/render/nginx_binary.ts";
import { groupBody, population } from "../population.ts";
import { describeMachine } from "../report/machine.ts";
import { say } from "../say.ts";
import { BenchError, type SoakSettings } from "../settings.ts";
import { startBackend } from "../stand/backend.ts";
import { prepareGateway, type Gateway } from "../stand/gateway.ts";
import { startRedis } from "../stand/redis.ts";
import type { Stand } from "../stand/stand.ts";
import { Changes } from "./changes.ts";
import { allFaults, faultOrder, type Fault } from "./faults.ts";
import { seededRandom } from "./random.ts";
import { complaintsOf, soakText, writeSoakReport, type FaultRecord, type SoakOutcome } from "./report.ts";
import { takeSample, type Sample } from "./samples.ts";
import { Timeline } from "./timeline.ts";
import { groups, Traffic } from "./traffic.ts";

const workers = 4;
const hostname = "soak";
/** 20,000 uids, 200 uid ranges, 2,000 IP ranges: enough for a leak of one to show. */
const people = population(0.02);
/** About fifteen hundred requests a second. */
const connections = 24;
const pauseMs = 15;
const faultEveryMs = 15_000;
const sampleEveryMs = 5_000;
/** The part of the run after which no fault ends a worker. */
const calmShare = 2 / 3;

/** `make soak`. @returns whether all was well. */
export async function runSoak(settings: SoakSettings, stand: Stand): Promise<boolean> {
  const found = findNginx({}, process.env);
  if (!found.ok) {
    throw new BenchError(`${found.reason}. \`make setup\` installs what is missing.`);
  }
  const machine = describeMachine(found.nginx.path);
  console.log(machine.join("\n"));
  const redis = await startRedis(stand, true);
  const backends = await startBackend(stand, found.nginx.path, undefined);
  const site = { stand, nginx: found.nginx.path, prefix: stand.install(), redisSocket: redis.socket, backends };
  const gateway = await prepareGateway(site, { name: "soak", workers, hostkey: hostname, probe: "counts" });
  await gateway.start();
  await gateway.ready();
  const ids: number[] = [];
  for (const upstreams of groups) {
    ids.push(((await gateway.done("policygroup_set", {}, groupBody(people, upstreams))).data as { groupid: number }).groupid);
  }
  await gateway.done("runtime_set", { hostname, policygroupid: ids[0] ?? -1 });
  say(`${settings.minutes} minutes with seed ${settings.seed}`);

  const random = seededRandom(settings.seed);
  const timeline = new Timeline(0, performance.now());
  const traffic = new Traffic(gateway.port, people, timeline, seededRandom(settings.seed + 1));
  const changes = new Changes(gateway, hostname, ids, timeline);
  const started = performance.now();
  const minute = (): number => (performance.now() - started) / 60_000;
  const samples: Sample[] = [];
  const faults = allFaults(gateway, redis, random);
  const records = new Map(faults.map(({ name }): [string, FaultRecord] => [name, { name, times: 0, recoveries: [] }]));
  const nextFault = faultOrder(faults, random);
  const calmFrom = settings.minutes * calmShare;

  const running = [traffic.run(connections, pauseMs), changes.run()];
  const sampling = every(sampleEveryMs, () => minute() < settings.minutes, async () => {
    samples.push(await takeSample(gateway, redis, minute()));
  });
  const faulting = every(faultEveryMs, () => minute() < settings.minutes - 0.25, async () => {
    const fault = nextFault(minute() < calmFrom);
    await inject(fault, fault === undefined ? undefined : records.get(fault.name), changes);
    say(`  ${traffic.tally.sent} sent, ${traffic.tally.astray} astray, ${traffic.tally.failed} failed; ${changes.tally.done} changes done`);
  });
  // What fails ends the run at once, and not only when its time is over.
  await Promise.race([pause(settings.minutes * 60_000), Promise.all([...running, sampling, faulting])]);
  traffic.stop();
  changes.stop();
  await Promise.all([...running, sampling, faulting]);
  redis.client.disconnect();

  const logLines = readLog(gateway, records);
  const observed = { minutes: minute(), traffic: traffic.tally, faults: [...records.values()], samples, calmFrom, logLines };
  const outcome: SoakOutcome = { ...observed, settings, machine, changes: changes.tally, complaints: complaintsOf(observed) };
  writeSoakReport(outcome);
  console.log(`\n${soakText(outcome)}\n`);
  say(`written to ${settings.report}`);
  return outcome.complaints.length === 0;
}

/** Does something at a steady pace as long as it shall. */
async function every(milliseconds: number, shall: () => boolean, work: () => Promise<void>): Promise<void> {
  for (let next = performance.now() + milliseconds; shall(); next += milliseconds) {
    await pause(Math.max(next - performance.now(), 0));
    if (shall()) {
      await work();
    }
  }
}

/** Injects it, and waits until a change is taken again, at most until shortly before the next. */
async function inject(fault: Fault | undefined, record: FaultRecord | undefined, changes: Changes): Promise<void> {
  if (fault === undefined || record === undefined) {
    return;
  }
  const begun = performance.now();
  const detail = await fault.inject();
  say(`${fault.name}${detail === "" ? "" : `: ${detail}`}`);
  record.times++;
  const injected = performance.now();
  while (changes.lastDone < injected && performance.now() - begun < faultEveryMs - 1000) {
    await pause(20);
  }
  record.recoveries.push(changes.lastDone < injected ? Infinity : changes.lastDone - injected);
}

/** Counts the lines of nginx's error log by their level. A worker that was killed on purpose is an alert of its own. */
function readLog(gateway: Gateway, records: ReadonlyMap<string, FaultRecord>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const killed = [...records.values()].find(({ name }) => name.includes("SIGKILL"))?.times ?? 0;
  let explained = 0;
  for (const line of readFileSync(gateway.place.errorLog, "utf8").split("\n")) {
    const level = /^\S+ \S+ \[(\w+)\]/.exec(line)?.[1];
    if (level === "alert" && explained < killed && line.includes("exited on signal 9")) {
      explained++;
    } else if (level !== undefined) {
      counts[level] = (counts[level] ?? 0) + 1;
    }
  }
  return counts;
}
