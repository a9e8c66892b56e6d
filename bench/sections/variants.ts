import { firstGroup, groupBody, population, suffixPolicy, type Population } from "../population.ts";
import type { Bench, SectionReport } from "../report/section.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { prepareGateway } from "../stand/gateway.ts";
import type { Nginx } from "../stand/nginx.ts";
import { preparePlainNginx, type PlainKind } from "../stand/plain_nginx.ts";
import { runLoad, type Load, type LoadResult } from "../load/wrk.ts";
import { reportVariants, type Sample, type VariantName, type VariantResult } from "./variants_report.ts";

interface Variant {
  readonly name: VariantName;
  readonly label: string;
  readonly server: Nginx;
  /** The users of its tables; of the full tables where it has none. */
  readonly people: Population;
  /** Who must have answered, by about which share. */
  readonly shares: Readonly<Record<string, number>>;
}

const connections = 32;
/** Of wrk for each request, so that all variants get as many requests; see `Load.turns`. */
const evenTurns = 15_000;
/** Requests made up in advance for each second: more than are answered. */
const usersASecond = 80_000;
const mostUsers = 800_000;
const warmUpSeconds = 1;
/** A share may be off by this much; the order of the kinds is random. */
const shareTolerance = 0.03;

const byDigit = { stable: 0.6, beta1: 0.2, beta2: 0.1, beta3: 0.1 };
const byLevel = { stable: 0.25, beta1: 0.25, beta2: 0.25, beta3: 0.25 };

/** CPU of the worker for each request, side by side. */
export async function measureVariants(bench: Bench): Promise<SectionReport> {
  const { rounds, seconds } = bench.settings;
  const variants = await prepare(bench);
  for (const variant of variants) {
    await verify(bench, variant);
  }
  const results: VariantResult[] = variants.map(({ name, label }) => ({ name, label, samples: [] }));
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    // Each round begins with another variant, so that none always follows the same.
    for (let turn = 0; turn < variants.length; turn++) {
      const at = (turn + round) % variants.length;
      const variant = variants[at];
      if (variant === undefined) {
        continue;
      }
      const sample = await measure(bench, variant, round + 1, seconds);
      results[at]?.samples.push(sample);
      say(`  ${variant.label.padEnd(34)} ${sample.cpu.toFixed(2)} µs a request at ${Math.round(sample.evenRate)} a second; ${Math.round(sample.perSecond)} at most`);
    }
  }
  for (const { server } of variants) {
    await server.stop();
  }
  return reportVariants(bench, results);
}

async function prepare(bench: Bench): Promise<Variant[]> {
  const whole = population(bench.settings.scale);
  return [
    await plain(bench, "bare", "bare nginx", "bare", whole),
    await plain(bench, "plain", "bare nginx, usual headers", "plain", whole),
    await plain(bench, "map", "nginx with map", "map", whole),
    await suffix(bench, whole),
    await plain(bench, "again", "bare nginx once more", "bare", whole),
    await group(bench, "big", 1),
    await group(bench, "tenth", 0.1),
    await group(bench, "hundredth", 0.01),
  ];
}

async function plain(bench: Bench, name: VariantName, label: string, kind: PlainKind, people: Population): Promise<Variant> {
  const server = await preparePlainNginx(bench.site, name, kind, bench.pins.gateway);
  await server.start();
  say(`${label}: up`);
  return { name, label, server, people, shares: kind === "map" ? byDigit : { stable: 1 } };
}

async function suffix(bench: Bench, people: Population): Promise<Variant> {
  const label = "gateway, uidsuffix";
  const server = await prepareGateway(bench.site, { name: "suffix", workers: 1, hostkey: "suffix", cpu: bench.pins.gateway });
  await server.start();
  await server.ready();
  const { data } = await server.done("policy_set", {}, suffixPolicy);
  await server.done("runtime_set", { hostname: "suffix", policyid: (data as { policyid: number }).policyid });
  say(`${label}: up`);
  return { name: "suffix", label, server, people, shares: byDigit };
}

async function group(bench: Bench, name: VariantName, share: number): Promise<Variant> {
  const people = population(bench.settings.scale * share);
  const label = `gateway, group of ${people.uids.toLocaleString("en-US")} uids`;
  const server = await prepareGateway(bench.site, { name, workers: 1, hostkey: name, cpu: bench.pins.gateway });
  await server.start();
  await server.ready();
  const { data } = await server.done("policygroup_set", {}, groupBody(people, firstGroup));
  await server.done("runtime_set", { hostname: name, policygroupid: (data as { groupid: number }).groupid });
  say(`${label}: up`);
  return { name, label, server, people, shares: byLevel };
}

function load(bench: Bench, variant: Variant, seed: number, users: number, turns = 0): Load {
  return { port: variant.server.port, people: variant.people, connections, seed, users, turns, cpu: bench.pins.load };
}

/** Nothing is measured that does not do what it is said to do. */
async function verify(bench: Bench, variant: Variant): Promise<void> {
  const found = await runLoad({ ...load(bench, variant, 99, usersASecond), answers: true }, 1);
  const wrong = Object.entries(found.shares).filter(([name, share]) => Math.abs(share - (variant.shares[name] ?? 0)) > shareTolerance);
  if (found.failed > 0 || wrong.length > 0) {
    const shares = JSON.stringify(found.shares);
    throw new BenchError(`${variant.label}: ${found.failed} of ${found.requests} requests failed, answers by upstream: ${shares}\n${variant.server.logEnd()}`);
  }
}

/** One round of one variant, on workers that have compiled nothing yet: LuaJIT's choices differ from start to start. */
async function measure(bench: Bench, variant: Variant, round: number, seconds: number): Promise<Sample> {
  const { server } = variant;
  await server.reload();
  await server.idle();
  await runLoad(load(bench, variant, round + 1000, usersASecond), warmUpSeconds);
  const users = Math.min(seconds * usersASecond, mostUsers);
  const before = server.workersCpu();
  const even: LoadResult = await runLoad(load(bench, variant, round, users, evenTurns), seconds);
  const cpu = (server.workersCpu() - before) / 1000 / even.requests;
  const fast: LoadResult = await runLoad(load(bench, variant, round, users), Math.ceil(seconds / 2));
  const failed = even.failed + fast.failed;
  if (failed > 0) {
    throw new BenchError(`${variant.label}: ${failed} of ${even.requests + fast.requests} requests failed\n${server.logEnd()}`);
  }
  return { cpu, evenRate: even.perSecond, perSecond: fast.perSecond, p50: fast.p50, p99: fast.p99 };
}
