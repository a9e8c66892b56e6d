import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Balance, Server } from "../../src/dygateway/core/upstream/model.ts";
import { createBalancer, type Balancer, type Peer } from "../../src/dygateway/core/upstream/balancer.ts";
import { serverDefaults } from "../../src/dygateway/core/upstream/model.ts";
import { lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { freePorts } from "./support/free_ports.ts";
import { startHeldBackends, type HeldBackends } from "./support/held_backends.ts";
import { send, type HttpAnswer } from "./support/http.ts";
import { temporaryFolder } from "./support/installation.ts";
import { startNativeNginx, type NativeNginx } from "./support/native_nginx.ts";
import { numberFrom, seededDice } from "./support/seeded_dice.ts";
import { until } from "./support/until.ts";

const UPSTREAMS = numberFrom("BALANCE_UPSTREAMS", 12);
const EVENTS = numberFrom("BALANCE_EVENTS", 30);
const ROUNDS = 5;
const STEADY_PORTS = 5;
const FALTERING_PORTS = 3;
const SHOWN = 5;

/** Requests go out in this part of a second, so that nginx and the test mean the same second. */
const EARLIEST_MS = 30;
const LATEST_MS = 800;

const dice = seededDice("BALANCE_SEED");

/** A strategy, in nginx's words; a key and how it is sent. */
interface Strategy {
  readonly balance: Balance;
  readonly directive: string;
  readonly backups: boolean;
  readonly draw: () => { key: string; path: string; headers: Record<string, string> };
}

const nothing = (): ReturnType<Strategy["draw"]> => ({ key: "", path: "", headers: {} });

function drawKey(): ReturnType<Strategy["draw"]> {
  const key = dice.text("abcdefghij0123456789", dice.below(12));
  return { key, path: `?k=${key}`, headers: {} };
}

function drawAddress(): ReturnType<Strategy["draw"]> {
  const bytes = Array.from({ length: dice.chance(50) ? 4 : 16 }, () => dice.below(256));
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
  const groups = Array.from({ length: 8 }, (_, i) => `${hex[2 * i]}${hex[2 * i + 1]}`);
  const address = bytes.length === 4 ? bytes.join(".") : groups.join(":");
  return { key: String.fromCharCode(...bytes), path: "", headers: { "X-Real-IP": address } };
}

const strategies: Readonly<Record<string, Strategy>> = {
  "smooth weighted round robin": { balance: { kind: "round_robin" }, directive: "", backups: true, draw: nothing },
  least_conn: { balance: { kind: "least_conn" }, directive: "least_conn;", backups: true, draw: nothing },
  ip_hash: { balance: { kind: "ip_hash" }, directive: "ip_hash;", backups: false, draw: drawAddress },
  hash: { balance: { kind: "hash", key: "$arg_k", consistent: false }, directive: "hash $arg_k;", backups: false, draw: drawKey },
  "consistent hash": {
    balance: { kind: "hash", key: "$arg_k", consistent: true },
    directive: "hash $arg_k consistent;",
    backups: false,
    draw: drawKey,
  },
};

let steady: number[] = [];
let faltering: number[] = [];
let port = 0;
let backends: HeldBackends | undefined;
let nginx: NativeNginx | undefined;
const folder = temporaryFolder();

/** One upstream, in nginx and in the core. */
interface Run {
  readonly name: string;
  readonly strategy: Strategy;
  readonly servers: readonly Server[];
  readonly balancer: Balancer;
}

interface Running {
  readonly run: Run;
  readonly id: string;
  readonly tried: readonly Peer[];
  readonly now: number;
  readonly answer: Promise<HttpAnswer>;
}

function drawServers(backups: boolean): Server[] {
  const weigh = dice.pick([() => 1, () => dice.between(1, 10), () => dice.pick([1, 2, 100])]);
  const draw = (own: number): Server => ({
    ...serverDefaults,
    address: `127.0.0.1:${own}`,
    weight: weigh(),
    maxFails: dice.pick([0, 1, 1, 2, 3]),
    failTimeout: dice.pick([1, 2, 100]),
    maxConns: dice.chance(10) ? dice.between(1, 3) : 0,
    backup: backups && dice.chance(25),
    down: dice.chance(10),
  });
  // Somebody is always there: what happens when nobody is, nginx and the balancer see differently.
  const [first, ...others] = dice.shuffled(steady);
  const always = { ...draw(first ?? 0), maxConns: 0, backup: false, down: false };
  const rest = dice.shuffled([...others, ...faltering]).slice(0, dice.between(0, steady.length + faltering.length - 1));
  return dice.shuffled([always, ...rest.map(draw)]);
}

function drawRuns(): Run[] {
  return Object.values(strategies).flatMap((strategy, i) =>
    Array.from({ length: UPSTREAMS }, (_, j) => {
      const name = `u${i}_${j}`;
      const servers = drawServers(strategy.backups);
      const upstream = { servers, balance: strategy.balance, keepalive: undefined, check: undefined };
      const plan = { name, upstream, addresses: lookup<readonly string[]>(), previous: undefined, now: 0, random: () => 0, pause: noPause };
      return { name, strategy, servers, balancer: createBalancer(plan) };
    }),
  );
}

function serverLine(server: Server): string {
  const { address, weight, maxFails, failTimeout, maxConns, backup, down } = server;
  const flags = `${backup ? " backup" : ""}${down ? " down" : ""}`;
  return `server ${address} weight=${weight} max_fails=${maxFails} fail_timeout=${failTimeout}s max_conns=${maxConns}${flags};`;
}

function upstreamBlock({ name, strategy, servers }: Run): string {
  return `upstream ${name} { ${strategy.directive} ${servers.map(serverLine).join(" ")} }\n`;
}

function http(runs: readonly Run[]): string {
  const locations = runs.map(({ name }) => `location /${name} { set $began $msec; proxy_pass http://${name}; }\n`);
  return `${runs.map(upstreamBlock).join("")}
server {
listen 127.0.0.1:${port};
set_real_ip_from 127.0.0.1;
real_ip_header X-Real-IP;
add_header X-Tries $upstream_addr always;
add_header X-Began $began always;
location = /listens { return 200; }
${locations.join("")}}
`;
}

let runs: Run[] = [];

beforeAll(async () => {
  const free = await freePorts(STEADY_PORTS + FALTERING_PORTS + 1);
  port = free.pop() ?? 0;
  steady = free.slice(0, STEADY_PORTS);
  faltering = free.slice(STEADY_PORTS);
  console.info(`ports ${free.join(" ")}`);
  runs = drawRuns();
  backends = await startHeldBackends(free);
  nginx = await startNativeNginx(join(folder, "oracle"), http(runs), port);
});
afterAll(async () => {
  await nginx?.stop();
  await backends?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function currentSecond(): Promise<number> {
  await until("the second is neither young nor old", () => {
    const part = Date.now() % 1000;
    return part >= EARLIEST_MS && part <= LATEST_MS;
  });
  return Math.floor(Date.now() / 1000);
}

/** The peers that a request tries, the last of which takes it. */
function tries(balancer: Balancer, key: string, now: number, refusing: readonly number[]): Peer[] {
  const tried: Peer[] = [];
  for (;;) {
    const peer = balancer.pick(key, now, tried.length === 0 ? undefined : tried);
    if (peer === undefined || tried.length >= balancer.tries) {
      throw new Error("somebody is always there");
    }
    tried.push(peer);
    if (!refusing.includes(peer.port ?? 0)) {
      return tried;
    }
    balancer.release(peer, now);
    balancer.failed(peer, now);
  }
}

for (const [title, strategy] of Object.entries(strategies)) {
  test(`${title}: the balancer tries the peers that nginx tries, in the same order`, { timeout: 240_000 }, async () => {
    const held = backends as HeldBackends;
    const own = runs.filter((run) => run.strategy === strategy);
    const differences: string[] = [];
    const disturbed = new Set<Run>();
    const running: Running[] = [];
    let refusing: readonly number[] = [];
    let compared = 0;
    let later = 0;
    await held.refuse(refusing);

    async function begin(run: Run, id: string): Promise<void> {
      const now = await currentSecond();
      const { key, path, headers } = run.strategy.draw();
      const answer = send(port, { path: `/${run.name}${path}`, headers: { ...headers, "X-Id": id } });
      const tried = tries(run.balancer, key, now, refusing);
      running.push({ run, id, tried, now, answer });
      // Whoever waits is counted by nginx; a request that nobody takes has its answer.
      await Promise.race([held.arrival(id), answer]);
    }

    async function finish(request: Running): Promise<void> {
      held.answer(request.id);
      const { headers, status } = await request.answer;
      const { run, tried, now } = request;
      const peer = tried.at(-1) as Peer;
      run.balancer.release(peer, now);
      run.balancer.succeeded(peer, now);
      if (Math.floor(Number(headers["x-began"])) !== now) {
        disturbed.add(run);
      }
      const expected = String(headers["x-tries"]);
      const actual = tried.map((each) => each.address).join(", ");
      if (!disturbed.has(run) && expected !== actual) {
        differences.push(`${run.name}, request ${request.id}, ${status}: nginx tried ${expected}, the balancer ${actual}; ${upstreamBlock(run)}`);
        disturbed.add(run);
      }
      compared += disturbed.has(run) ? 0 : 1;
      later += tried.length - 1;
    }

    for (let round = 0; round < ROUNDS; round++) {
      for (let event = 0; event < EVENTS * own.length; event++) {
        if (running.length === 0 || (running.length < own.length * 2 && dice.chance(55))) {
          await begin(dice.pick(own), `${title.length}-${round}-${event}`);
        } else {
          const [request] = running.splice(dice.below(running.length), 1);
          await finish(request as Running);
        }
      }
      for (const request of running.splice(0)) {
        await finish(request);
      }
      refusing = faltering.filter(() => dice.chance(40));
      await held.refuse(refusing);
      const over = Date.now() + 2100 * dice.below(2);
      await until("failures are forgiven", () => Date.now() >= over);
    }

    expect(differences.slice(0, SHOWN)).toEqual([]);
    expect(disturbed.size).toBeLessThanOrEqual(Math.ceil(own.length / 5));
    expect(compared).toBeGreaterThan((EVENTS * ROUNDS * own.length) / 4);
    expect(later).toBeGreaterThan(0);
  });
}
