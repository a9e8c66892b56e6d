import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { steadyLoad } from "../load/observe.ts";
import { startLoad } from "../load/wrk.ts";
import { target, type Bench, type SectionReport } from "../report/section.ts";
import { milliseconds, table } from "../report/table.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { percentile } from "../statistics.ts";
import { prepareGateway, type Gateway } from "../stand/gateway.ts";
import { ask } from "../stand/http.ts";

const workers = 4;
const changes = 200;
const hostkey = "changes";
/** That every uid of a policy goes to, one policy each. */
const upstreams = ["beta1", "beta2"] as const;
/** A worker may give the old answer for so long after a change is answered. */
const staleMs = 100;
const lookMs = 2;
const mostConnections = 2000;
const atOnce = 32;
/** Before nginx ends a connection, after its thousandth request. */
const mostTurns = 20;
const patience = 10_000;

/** A kept connection to one of the workers. */
interface Seat {
  readonly agent: Agent;
  readonly worker: string;
}

interface Times {
  readonly what: string;
  /** Milliseconds from the call until the last worker gave the new answer, and until the change was answered. */
  readonly last: number[];
  readonly answer: number[];
  /** Old answers to requests sent more than `staleMs` after the change was answered. */
  stale: number;
}

/** How long a runtime takes from the call until the last worker decides by it, as requests see it. */
export async function measureChanges(bench: Bench): Promise<SectionReport> {
  // The probe names the worker in each answer.
  const gateway = await prepareGateway(bench.site, { name: "changes", workers, hostkey, probe: "counts" });
  await gateway.start();
  await gateway.ready();
  const policies: number[] = [];
  for (const upstream of upstreams) {
    const divdata = Array.from({ length: 10 }, (_, digit) => ({ suffix: String(digit), upstream }));
    const { data } = await gateway.done("policy_set", {}, JSON.stringify({ divtype: "uidsuffix", divdata }));
    policies.push((data as { policyid: number }).policyid);
  }
  await gateway.done("runtime_set", { hostname: hostkey, policyid: policies[0] ?? -1 });
  const turns = Math.max(20, Math.round(changes * bench.settings.scale));
  const quiet = await follow(gateway, policies, turns, "no other requests");
  const running = startLoad(steadyLoad(bench, gateway));
  let loaded: Times;
  try {
    await running.started;
    loaded = await follow(gateway, policies, turns, "2,000 requests a second");
  } finally {
    running.stop();
    await running.result.catch(() => undefined);
  }
  const { failed } = await running.result;
  await gateway.stop();
  return report([quiet, loaded], turns, failed);
}

async function follow(gateway: Gateway, policies: readonly number[], turns: number, what: string): Promise<Times> {
  const times: Times = { what, last: [], answer: [], stale: 0 };
  let seats: Seat[] = [];
  try {
    for (let turn = 1; turn <= turns; turn++) {
      if (turn % mostTurns === 1) {
        leave(seats);
        seats = await seatAtEach(gateway);
      }
      // Not in step with the workers, which look every few hundredths of a second.
      await pause((turn * 7) % 40);
      await change(gateway, seats, policies[turn % 2] ?? -1, upstreams[turn % 2] ?? "", times);
    }
  } finally {
    leave(seats);
  }
  say(`${turns} changes, ${what}: the last worker had one after at most ${Math.max(...times.last).toFixed(0)} ms`);
  return times;
}

async function change(gateway: Gateway, seats: readonly Seat[], policyid: number, upstream: string, times: Times): Promise<void> {
  const state: { answered: number } = { answered: Infinity };
  const begun = performance.now();
  /** Asks one worker again and again, until a moment after the change was answered. */
  const watch = async ({ agent }: Seat): Promise<number> => {
    let first = Infinity;
    for (;;) {
      const sent = performance.now();
      const isNew = (await askAt(gateway, agent)).backend === upstream;
      const now = performance.now();
      if (isNew) {
        first = Math.min(first, now - begun);
      } else if (sent > state.answered + staleMs) {
        times.stale++;
      }
      if (isNew && now > state.answered) {
        return first;
      }
      if (now > begun + patience) {
        throw new BenchError(`a worker does not follow\n${gateway.logEnd()}`);
      }
      await pause(lookMs);
    }
  };
  const watching = seats.map((seat) => watch(seat));
  const answer = await gateway.done("runtime_set", { hostname: hostkey, policyid });
  state.answered = performance.now();
  times.answer.push(answer.milliseconds);
  times.last.push(Math.max(...(await Promise.all(watching))));
}

async function askAt(gateway: Gateway, agent: Agent): Promise<{ readonly backend: string; readonly worker: string }> {
  const { headers } = await ask(gateway.port, { headers: { Host: "bench.test", "X-Uid": "1" }, agent });
  return { backend: String(headers["x-backend"]), worker: String(headers["x-worker"]) };
}

/** Many at once: of connections that come one by one, an idle gateway's first worker takes all. */
async function seatAtEach(gateway: Gateway): Promise<Seat[]> {
  const seats = new Map<string, Seat>();
  for (let n = 0; n < mostConnections && seats.size < workers; n += atOnce) {
    const agents = Array.from({ length: atOnce }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    const answers = await Promise.all(agents.map(async (agent) => ({ agent, ...(await askAt(gateway, agent)) })));
    for (const { agent, worker } of answers) {
      if (seats.has(worker)) {
        agent.destroy();
      } else {
        seats.set(worker, { agent, worker });
      }
    }
  }
  if (seats.size < workers) {
    throw new BenchError(`${mostConnections} connections reached ${seats.size} workers of ${workers}`);
  }
  return [...seats.values()];
}

function leave(seats: readonly Seat[]): void {
  for (const { agent } of seats) {
    agent.destroy();
  }
}

function report(all: readonly Times[], turns: number, failed: number): SectionReport {
  const spread = (values: readonly number[]): string[] => [0.5, 0.99, 1].map((share) => percentile(values, share).toFixed(1));
  const worst = Math.max(...all.map(({ last }) => percentile(last, 0.99)));
  const stale = all.reduce((sum, times) => sum + times.stale, 0);
  return {
    title: "Diversion: a change until the last worker decides by it",
    method:
      `${workers} workers, Redis and the client on the machine's CPUs. runtime_set exchanges two policies of one hostname, ${turns} times; meanwhile each worker is ` +
      `asked every ${lookMs} ms on a connection of its own who answers. Milliseconds from the call until the last worker gave the new answer, and until the call was answered. ` +
      `\`stale\` counts old answers to requests that were sent more than ${staleMs} ms after that.`,
    tables: [
      table(
        ["while", "last worker p50", "p99", "most", "answer p50", "p99", "most", "stale"],
        all.map(({ what, last, answer, stale: old }) => [what, ...spread(last), ...spread(answer), String(old)]),
      ),
    ],
    targets: [
      target("change → last worker under load, p99 at most 100 ms", worst, 100, milliseconds),
      { wanted: `no old answer ${staleMs} ms after`, measured: `${stale} old answers`, ratio: stale === 0 ? 0 : Infinity },
      { wanted: "no request fails meanwhile", measured: `${failed} requests failed`, ratio: failed === 0 ? 0 : Infinity },
    ],
  };
}
