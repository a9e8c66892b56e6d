import { Agent } from "node:http";
import { connections, expectNoFailure, interleave, measureCpu, verifyShares, type Side } from "../load/side_by_side.ts";
import { population, suffixPolicy } from "../population.ts";
import type { Bench, SectionReport } from "../report/section.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { startPeers, type PeersBackend } from "../stand/backend.ts";
import { prepareGateway } from "../stand/gateway.ts";
import { ask } from "../stand/http.ts";
import { leastBalancer, preparePlainNginx } from "../stand/plain_nginx.ts";
import { reportUpstreams, type BalancingName, type BalancingResult } from "./upstreams_report.ts";

interface Balancing extends Side {
  readonly name: BalancingName;
  readonly servers: readonly WeightedServer[];
}

interface WeightedServer {
  readonly address: string;
  readonly weight: number;
}

type Upstreams = Readonly<Record<"stable", readonly WeightedServer[]> & Record<string, readonly WeightedServer[]>>;

const few = 3;
const diverted = ["beta1", "beta2", "beta3"];
const byDigit = { stable: 0.6, beta1: 0.2, beta2: 0.1, beta3: 0.1 };
/** Ends in a digit that no rule of `suffixPolicy` names. */
const undivertedUid = "1000000000";

/** CPU of the worker for each request: nginx's own upstreams against those that may change. */
export async function measureUpstreams(bench: Bench): Promise<SectionReport> {
  const { rounds, seconds, scale } = bench.settings;
  const many = Math.max(10, Math.round(1000 * scale));
  const others = Object.fromEntries(diverted.map((name) => [name, few]));
  const peers = await startPeers(bench.site.stand, bench.site.nginx, bench.pins.backend, "peers", { stable: Math.max(few, many), ...others });
  const sides = await prepare(bench, peers, many);
  for (const side of sides) {
    await verifyShares(side);
    await verifyWeights(side);
  }
  const results: BalancingResult[] = sides.map(({ name, label }) => ({ name, label, samples: [] }));
  await interleave(rounds, sides, async (side, index, round) => {
    const { cpu, even } = await measureCpu(side, round, seconds);
    expectNoFailure(side, [even]);
    results[index]?.samples.push({ cpu, evenRate: even.perSecond });
    say(`  ${side.label.padEnd(34)} ${cpu.toFixed(2)} µs a request at ${Math.round(even.perSecond)} a second`);
  });
  for (const { server } of sides) {
    await server.stop();
  }
  await peers.stop();
  return reportUpstreams(bench, many, results);
}

async function prepare(bench: Bench, peers: PeersBackend, many: number): Promise<Balancing[]> {
  const weighted = (name: string, count: number, weights: number): WeightedServer[] =>
    peers.servers(name, count).map((address, i) => ({ address, weight: (i % weights) + 1 }));
  const three = weighted("stable", few, 3);
  const thousand = weighted("stable", many, 10);
  const betas = Object.fromEntries(diverted.map((name) => [name, weighted(name, few, 3)]));
  const count = many.toLocaleString("en-US");
  return [
    await nginxAlone(bench, "static", `nginx, ${few} servers`, three),
    await gateway(bench, "balanced", `gateway, ${few} servers`, { stable: three }),
    await gateway(bench, "diverted", `gateway, uidsuffix, ${few} servers`, { stable: three, ...betas }),
    await mapped(bench, { stable: three, ...betas }),
    await leastLua(bench, three),
    await nginxAlone(bench, "again", `nginx, ${few} servers, once more`, three),
    await nginxAlone(bench, "staticMany", `nginx, ${count} servers`, thousand),
    await gateway(bench, "balancedMany", `gateway, ${count} servers`, { stable: thousand }),
  ];
}

/** Idle connections to keep: to each server, and some more. */
function keepaliveFor(servers: readonly WeightedServer[]): number {
  return 2 * servers.length + 2 * connections;
}

function side(bench: Bench, port: number): Side["load"] {
  return { port, people: population(bench.settings.scale), connections, cpu: bench.pins.load };
}

async function nginxAlone(bench: Bench, name: BalancingName, label: string, servers: readonly WeightedServer[]): Promise<Balancing> {
  const upstreams = { stable: { servers, keepalive: keepaliveFor(servers) } };
  const server = await preparePlainNginx(bench.site, `upstreams-${name}`, "bare", bench.pins.gateway, { upstreams });
  await server.start();
  say(`${label}: up`);
  return { name, label, server, servers, load: side(bench, server.port), shares: { stable: 1 } };
}

/** An nginx that diverts by a `map` what the gateway diverts, to the same servers. */
async function mapped(bench: Bench, byName: Upstreams): Promise<Balancing> {
  const label = "nginx, map, the same servers";
  const upstreams = Object.fromEntries(
    Object.entries(byName).map(([upstream, servers]) => [upstream, { servers, keepalive: keepaliveFor(servers) }]),
  );
  const server = await preparePlainNginx(bench.site, "upstreams-map", "map", bench.pins.gateway, { upstreams });
  await server.start();
  say(`${label}: up`);
  return { name: "mapped", label, server, servers: byName.stable, load: side(bench, server.port), shares: byDigit };
}

async function leastLua(bench: Bench, servers: readonly WeightedServer[]): Promise<Balancing> {
  const label = `the least Lua, ${few} servers`;
  const inTurn = servers.flatMap(({ address, weight }) => Array<string>(weight).fill(address));
  const balancer = leastBalancer(inTurn, keepaliveFor(servers));
  const server = await preparePlainNginx(bench.site, "upstreams-least", "balancer", bench.pins.gateway, {}, balancer);
  await server.start();
  say(`${label}: up`);
  return { name: "leastLua", label, server, servers, load: side(bench, server.port), shares: { stable: 1 } };
}

/** A gateway all of whose upstreams were set at run time; its users are diverted where it has more than one. */
async function gateway(
  bench: Bench,
  name: BalancingName,
  label: string,
  byName: Upstreams,
): Promise<Balancing> {
  const folder = `upstreams-${name}`;
  const servers = byName.stable;
  const server = await prepareGateway(bench.site, {
    ...{ name: folder, workers: 1, hostkey: folder, cpu: bench.pins.gateway },
    dynamicUpstreams: { keepalive: keepaliveFor(servers) },
  });
  await server.start();
  await server.ready();
  for (const [upstream, members] of Object.entries(byName)) {
    const body = members.map(({ address, weight }) => `server ${address} weight=${weight};`).join(" ");
    await server.upstreamsDone("add_upstream", { upstream }, body);
  }
  const isDiverted = Object.keys(byName).length > 1;
  if (isDiverted) {
    const { data } = await server.done("policy_set", {}, suffixPolicy);
    await server.done("runtime_set", { hostname: folder, policyid: (data as { policyid: number }).policyid });
  }
  say(`${label}: up`);
  return { name, label, server, servers, load: side(bench, server.port), shares: isDiverted ? byDigit : { stable: 1 } };
}

/** The one worker of each goes round exactly by the weights: of as many requests as they sum up to, each has its own. */
async function verifyWeights({ label, server, servers }: Balancing): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const counts: Record<string, number> = {};
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  for (let number = 0; number < total; number++) {
    const { headers } = await ask(server.port, { headers: { Host: "bench.test", "X-Uid": undivertedUid }, agent });
    const peer = String(headers["x-peer"]);
    counts[peer] = (counts[peer] ?? 0) + 1;
  }
  agent.destroy();
  const requestsOf = ({ address }: WeightedServer): number => counts[address.slice(0, address.indexOf(":"))] ?? 0;
  const wrong = servers.filter((one) => requestsOf(one) !== one.weight);
  if (wrong[0] !== undefined) {
    const example = `${wrong[0].address} had ${requestsOf(wrong[0])} of ${total} requests, its weight is ${wrong[0].weight}`;
    throw new BenchError(`${label}: ${wrong.length} servers did not get their share; ${example}`);
  }
}
