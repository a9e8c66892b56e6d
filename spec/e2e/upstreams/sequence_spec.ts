import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KeptConnection } from "../promises/kept_connection.ts";
import { freePorts } from "../support/free_ports.ts";
import { startHeldBackends, type HeldBackends } from "../support/held_backends.ts";
import { namedServers, startNativeNginx, type NativeNginx } from "../support/native_nginx.ts";
import { seededDice, type Dice } from "../support/seeded_dice.ts";
import { closeAll, connectionsToOneWorker } from "../support/worker_connections.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster();
const SERVERS = 8;
const HELD_SERVERS = 4;
const DEFINITIONS = 12;
const REQUESTS = 150;
const CLIENTS = 40;
const STEPS = 60;
/** Requests that are held at the same time, each on a connection of its own. */
const MOST_HELD = 8;

const dice: Dice = seededDice("SEQUENCE_SEED");
let native: NativeNginx;
let held: HeldBackends;
let heldPorts: number[];
let ports: Record<string, number>;
let nativePort: number;
let bodies: string[];
let ipHashBodies: string[];
let leastConnBodies: string[];

/** Some servers with weights of their own, some of them backups or down; at least one primary is up. */
function drawBody(own: readonly number[], mayBeBackup = true, least = 1): string {
  const chosen = dice.shuffled(own).slice(0, dice.between(least, own.length));
  const servers = chosen.map((port, i) => {
    const weight = dice.chance(70) ? ` weight=${dice.between(1, 9)}` : "";
    const place = i === 0 ? "" : mayBeBackup && dice.chance(20) ? " backup" : dice.chance(20) ? " down" : "";
    return `server 127.0.0.1:${port}${weight}${place};`;
  });
  return servers.join(" ");
}

function blocks(prefix: string, defined: readonly string[]): string {
  return defined.map((body, i) => `upstream ${prefix}${i} { ${body} }\n`).join("");
}

beforeAll(async () => {
  const [port = 0, ...own] = await freePorts(1 + SERVERS + HELD_SERVERS);
  nativePort = port;
  heldPorts = own.splice(SERVERS);
  held = await startHeldBackends(heldPorts);
  ports = Object.fromEntries(own.map((at, i) => [`s${i}`, at]));
  bodies = Array.from({ length: DEFINITIONS }, () => drawBody(own));
  ipHashBodies = Array.from({ length: DEFINITIONS }, () => `ip_hash; ${drawBody(own, false, 3)}`);
  leastConnBodies = Array.from({ length: DEFINITIONS / 2 }, () => `least_conn; ${drawBody(heldPorts, true, 3)}`);
  const upstreamBlocks = blocks("n", bodies) + blocks("i", ipHashBodies) + blocks("l", leastConnBodies);
  const entry = `server { listen 127.0.0.1:${nativePort}; location ~ ^/to/(?<to>[^/]+)/ { proxy_pass http://$to; } location / { return 200; } }\n`;
  native = await startNativeNginx(join(upstreams.cluster.folder, "native"), upstreamBlocks + namedServers(ports) + entry, nativePort);
});
afterAll(async () => {
  await native.stop();
  await held.stop();
});

function request(name: string, headers = ""): string {
  return `GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n${headers}\r\n`;
}

/** Who answers on a connection, one request after the other. */
async function answerers(connection: KeptConnection, names: readonly string[]): Promise<string[]> {
  const answered: string[] = [];
  for (const name of names) {
    const { body } = await connection.ask(request(name));
    answered.push(body.trim());
  }
  return answered;
}

/** Who answers on one connection, which is one worker. */
async function sequence(port: number, name: string): Promise<string> {
  const connection = new KeptConnection(port);
  const names = await answerers(connection, Array<string>(REQUESTS).fill(name));
  connection.close();
  return names.join(" ");
}

test("servers follow each other as in nginx", async () => {
  for (const [i, body] of bodies.entries()) {
    const name = await upstreams.set(body);
    const [ours, theirs] = [await sequence(upstreams.cluster.port, name), await sequence(nativePort, `n${i}`)];
    expect(ours, `${body} (seed ${dice.seed})`).toBe(theirs);
  }
});

test("ip_hash: a client's network gets the server that nginx gives it, whichever worker answers", async () => {
  const names = await Promise.all(ipHashBodies.map((body) => upstreams.set(body)));
  const met = new Set<string>();
  for (let n = 0; n < CLIENTS; n++) {
    // All of 127.0.0.0/8 is this machine's. The last byte is not hashed.
    const address = `127.${dice.below(256)}.${dice.below(256)}.${dice.between(1, 254)}`;
    const [ours, theirs] = [new KeptConnection(upstreams.cluster.port, address), new KeptConnection(nativePort, address)];
    const [got, expected] = [await answerers(ours, names), await answerers(theirs, ipHashBodies.map((_, i) => `i${i}`))];
    expect(got, `${address} (seed ${dice.seed}):\n${ipHashBodies.join("\n")}`).toEqual(expected);
    closeAll([ours, theirs]);
    got.forEach((server) => met.add(server));
  }
  expect(met.size).toBe(SERVERS);
});

/** One of two gateways that are given the same requests, which end in the same order. */
class HeldRun {
  private readonly free: KeptConnection[];
  private readonly running = new Map<number, { readonly connection: KeptConnection; readonly answer: Promise<{ readonly status: number }> }>();
  private readonly name: string;

  constructor(connections: readonly KeptConnection[], name: string) {
    this.free = [...connections];
    this.name = name;
  }

  /** @returns the port of the server that is given the request, or the status where none is. */
  begin(id: number): Promise<number> {
    const connection = this.free.pop() as KeptConnection;
    const answer = connection.ask(request(this.name, `X-Id: ${this.name}-${id}\r\n`));
    this.running.set(id, { connection, answer });
    return Promise.race([held.arrival(`${this.name}-${id}`), answer.then(({ status }) => status)]);
  }

  async end(id: number): Promise<void> {
    const running = this.running.get(id);
    held.answer(`${this.name}-${id}`);
    expect((await running?.answer)?.status).toBe(200);
    this.running.delete(id);
    this.free.push((running as { readonly connection: KeptConnection }).connection);
  }

  async endAll(): Promise<void> {
    for (const id of [...this.running.keys()]) {
      await this.end(id);
    }
  }
}

test("least_conn: requests that are held count as in nginx", async () => {
  const ours = await connectionsToOneWorker(upstreams.cluster.port, MOST_HELD);
  const theirs = await connectionsToOneWorker(nativePort, MOST_HELD);
  for (const [i, body] of leastConnBodies.entries()) {
    const runs = [new HeldRun(ours, await upstreams.set(body)), new HeldRun(theirs, `l${i}`)];
    const running: number[] = [];
    const met: number[][] = [[], []];
    for (let step = 0; step < STEPS; step++) {
      if (running.length === MOST_HELD || (running.length > 0 && dice.chance(40))) {
        const [ended = 0] = running.splice(dice.below(running.length), 1);
        await Promise.all(runs.map((run) => run.end(ended)));
      } else {
        running.push(step);
        const given = await Promise.all(runs.map((run) => run.begin(step)));
        given.forEach((port, n) => met[n]?.push(port));
      }
    }
    expect(met[0], `${body} (seed ${dice.seed})`).toEqual(met[1]);
    await Promise.all(runs.map((run) => run.endAll()));
  }
  closeAll([...ours, ...theirs]);
});

test("random two: everyone who is open is reached, nobody who is down, and the less busy of two", async () => {
  const own = Object.values(ports);
  const name = await upstreams.set(`random two; ${own.map((port, i) => `server 127.0.0.1:${port}${i === 2 || i === 5 ? " down" : ""};`).join(" ")}`);
  const met = new Set((await sequence(upstreams.cluster.port, name)).split(" "));
  expect([...met].sort()).toEqual(["s0", "s1", "s3", "s4", "s6", "s7"]);

  const connections = await connectionsToOneWorker(upstreams.cluster.port, MOST_HELD);
  const [first = 0, second = 0, third = 0] = heldPorts;
  const run = new HeldRun(connections, await upstreams.set(`random two; server 127.0.0.1:${first}; server 127.0.0.1:${second}; server 127.0.0.1:${third} down;`));
  const given: number[] = [];
  for (let id = 0; id < MOST_HELD; id++) {
    given.push(await run.begin(id));
  }
  // Each pair of requests: both are equally busy before it, and one is busier after its first.
  for (let id = 0; id < MOST_HELD; id += 2) {
    expect(given.slice(id, id + 2).sort((a, b) => a - b)).toEqual([first, second].sort((a, b) => a - b));
  }
  await run.endAll();
  closeAll(connections);
});
