import { firstGroup, groupBody, population, suffixPolicy, type Population } from "../population.ts";
import type { Bench, SectionReport } from "../report/section.ts";
import { say } from "../say.ts";
import { prepareGateway } from "../stand/gateway.ts";
import type { Nginx } from "../stand/nginx.ts";
import { preparePlainNginx, type PlainKind } from "../stand/plain_nginx.ts";
import { connections, expectNoFailure, interleave, measureCpu, roundOf, verifyShares, type Side } from "../load/side_by_side.ts";
import { runLoad } from "../load/wrk.ts";
import { reportVariants, type Sample, type VariantName, type VariantResult } from "./variants_report.ts";

interface Variant extends Side {
  readonly name: VariantName;
}

const byDigit = { stable: 0.6, beta1: 0.2, beta2: 0.1, beta3: 0.1 };
const byLevel = { stable: 0.25, beta1: 0.25, beta2: 0.25, beta3: 0.25 };

/** CPU of the worker for each request, side by side. */
export async function measureVariants(bench: Bench): Promise<SectionReport> {
  const { rounds, seconds } = bench.settings;
  const variants = await prepare(bench);
  for (const variant of variants) {
    await verifyShares(variant);
  }
  const results: VariantResult[] = variants.map(({ name, label }) => ({ name, label, samples: [] }));
  await interleave(rounds, variants, async (variant, index, round) => {
    const sample = await measure(variant, round, seconds);
    results[index]?.samples.push(sample);
    say(`  ${variant.label.padEnd(34)} ${sample.cpu.toFixed(2)} µs a request at ${Math.round(sample.evenRate)} a second; ${Math.round(sample.perSecond)} at most`);
  });
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
    await plain(bench, "empty", "nginx with empty Lua", "empty", whole),
    await suffix(bench, whole, "suffix", "gateway, uidsuffix"),
    await suffix(bench, whole, "byHand", "the same, written by hand"),
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
  return { name, label, server, load: load(bench, server, people), shares: kind === "map" ? byDigit : { stable: 1 } };
}

async function suffix(bench: Bench, people: Population, name: "suffix" | "byHand", label: string): Promise<Variant> {
  // With a file of the operator's own, though there is nothing in it, the location is that of the predecessor.
  const inServer = name === "byHand" ? { inServer: "# Nothing.\n" } : {};
  const server = await prepareGateway(bench.site, { name, workers: 1, hostkey: name, cpu: bench.pins.gateway, ...inServer });
  await server.start();
  await server.ready();
  const { data } = await server.done("policy_set", {}, suffixPolicy);
  await server.done("runtime_set", { hostname: name, policyid: (data as { policyid: number }).policyid });
  say(`${label}: up`);
  return { name, label, server, load: load(bench, server, people), shares: byDigit };
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
  return { name, label, server, load: load(bench, server, people), shares: byLevel };
}

/** Users of its tables; of the full tables where it has none. */
function load(bench: Bench, server: Nginx, people: Population): Side["load"] {
  return { port: server.port, people, connections, cpu: bench.pins.load };
}

/** One round of one variant. */
async function measure(variant: Variant, round: number, seconds: number): Promise<Sample> {
  const { cpu, even } = await measureCpu(variant, round, seconds);
  const fast = await runLoad(roundOf(variant, round, seconds), Math.ceil(seconds / 2));
  expectNoFailure(variant, [even, fast]);
  return { cpu, evenRate: even.perSecond, perSecond: fast.perSecond, p50: fast.p50, p99: fast.p99 };
}
