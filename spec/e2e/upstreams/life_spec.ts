import { createServer, type Server } from "node:http";
import { beforeAll, describe, expect, test } from "vitest";
import { snapshotIsSaved, storeIs, workersOf } from "../promises/faults.ts";
import { KeptConnection } from "../promises/kept_connection.ts";
import { otherLevels, threeLevels } from "../promises/users.ts";
import { putInForce, witnessed, type Witness } from "../promises/witness.ts";
import { backendNames, type BackendName } from "../support/backends.ts";
import { WORKERS } from "../support/cluster.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { freePorts } from "../support/free_ports.ts";
import { startHeldBackends } from "../support/held_backends.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster({ proxy: "proxy_read_timeout 20s;" });
const { cluster } = upstreams;
let nobody = 0;

function address(name: BackendName): string {
  return `127.0.0.1:${cluster.backends.ports[name]}`;
}

/** Every backend's name as a dynamic upstream: what the witness checks then goes through the balancer. */
beforeAll(async () => {
  [nobody = 0] = await freePorts(1);
  for (const name of backendNames) {
    await upstreams.set(`server ${address(name)};`, name);
  }
});

/** Different members for one of them after the other: weights, a peer that refuses, one that is down. */
async function change(round: number): Promise<void> {
  const name = backendNames[round % backendNames.length] ?? "stable";
  const others = ["", ` server 127.0.0.1:${nobody} max_fails=2;`, ` server 127.0.0.1:${nobody} down;`, ` server 127.0.0.1:${nobody} backup;`];
  await upstreams.set(`server ${address(name)} weight=${(round % 7) + 1} max_fails=0;${others[round % 4]}`, name);
}

/** A worker that leads, or one that does not. */
async function workerThatLeads(leads: boolean): Promise<number> {
  const found = (await workersOf(cluster)).find(({ alive, leader }) => alive && leader === leads);
  if (found === undefined) {
    throw new Error(`there is no worker that ${leads ? "leads" : "does not lead"}`);
  }
  return found.pid;
}

async function isBalanced(): Promise<void> {
  for (const name of backendNames) {
    expect((await upstreams.firstPeer(name)).workers.length).toBe(WORKERS);
    await upstreams.connsAre(name, 0);
  }
}

async function reload(): Promise<void> {
  const before = await workerPids(cluster);
  cluster.gateway.reload();
  await until("new workers serve", async () => {
    const now = await workerPids(cluster);
    return now.length === WORKERS && !now.some((pid) => before.includes(pid));
  }, 15_000);
}

async function restart(witness: Witness, storeIsThere: boolean): Promise<void> {
  await witness.pause();
  await cluster.gateway.stop();
  cluster.gateway.start();
  await until("nginx listens", async () => (await cluster.send("nobody.test")).status === 200);
  witness.resume();
  await witness.more(200);
  await cluster.ready(storeIsThere);
}

describe("no request fails", () => {
  test("while upstreams change, and a diversion with them", async () => {
    await witnessed(cluster, "upstreams change", threeLevels, async (witness, host) => {
      for (let round = 0; round < 40; round++) {
        await change(round);
        if (round % 10 === 9) {
          await putInForce(witness, cluster, host, round % 20 === 9 ? otherLevels : threeLevels);
        }
      }
      await witness.more(100);
    });
    await isBalanced();
  });

  test("when a worker is killed", async () => {
    await witnessed(cluster, "kill -9 of a worker", threeLevels, async (witness) => {
      for (let round = 0; round < 3; round++) {
        const pid = await workerThatLeads(round === 1);
        process.kill(pid, "SIGKILL");
        await change(round);
        await until("another has taken its place", async () => {
          const pids = await workerPids(cluster);
          return pids.length === WORKERS && !pids.includes(pid);
        }, 10_000);
        await witness.more(100);
      }
    }, { kills: 3 });
    await isBalanced();
  });

  test("when nginx reloads amid changes", async () => {
    await witnessed(cluster, "reload amid changes", threeLevels, async () => {
      const reloaded = reload();
      for (let round = 0; round < 10; round++) {
        await change(round);
      }
      await reloaded;
      await change(10);
    }, { reloads: 1 });
    await isBalanced();
  });

  test("when nginx restarts, with Redis and without", async () => {
    await witnessed(cluster, "restart", threeLevels, async (witness) => {
      await change(2);
      await snapshotIsSaved(cluster);
      await restart(witness, true);
      await cluster.redis.kill();
      await restart(witness, false);
      const { upstreams: served } = (await cluster.done("status")).data;
      expect(served.count).toBe(backendNames.length);
      await cluster.redis.start();
      await storeIs(cluster, true);
      await change(3);
    }, { reloads: 2 });
    await isBalanced();
  });
});

describe("a store that comes back without its upstreams", () => {
  test("does not empty the node until an operator accepts it", async () => {
    const { client } = cluster.redis;
    await client.rename("ab:test:upstreams", "ab:aside");
    await until("it is noticed", async () => (await cluster.done("status")).data.store.lost === true, 10_000);
    expect((await cluster.done("status")).data.upstreams.count).toBe(backendNames.length);
    await isBalanced();
    await client.rename("ab:aside", "ab:test:upstreams");
    await until("it is over", async () => (await cluster.done("status")).data.store.lost === false, 10_000);
  });
});

describe("connections", () => {
  test("of requests that are running outlive their peer's removal", async () => {
    const ports = await freePorts(2);
    const held = await startHeldBackends(ports);
    const [kept, removed] = ports;
    const name = await upstreams.set(`server 127.0.0.1:${removed};`);
    const answer = upstreams.visit(name, { headers: { "X-Id": "running" } });
    expect(await held.arrival("running")).toBe(removed);
    await upstreams.set(`server 127.0.0.1:${kept};`, name);
    const next = upstreams.visit(name, { headers: { "X-Id": "next" } });
    expect(await held.arrival("next")).toBe(kept);
    held.answer("running");
    held.answer("next");
    expect([(await answer).text, (await next).text]).toEqual(["done\n", "done\n"]);
    await upstreams.connsAre(name, 0);
    await held.stop();
  });

  test("of requests that are running outlive their peer's drain, and nobody new gets there", async () => {
    const ports = await freePorts(2);
    const held = await startHeldBackends(ports);
    const [drained, other] = ports;
    // The greater weight is the first to be chosen.
    const name = await upstreams.set(`server 127.0.0.1:${drained} weight=100; server 127.0.0.1:${other};`);
    const answer = upstreams.visit(name, { headers: { "X-Id": "running" } });
    expect(await held.arrival("running")).toBe(drained);
    await upstreams.done("drain_peer", { upstream: name, ip: "127.0.0.1", port: drained ?? 0 });
    for (let n = 0; n < WORKERS * 4; n++) {
      const next = upstreams.visit(name, { headers: { "X-Id": `next-${n}` } });
      expect(await held.arrival(`next-${n}`)).toBe(other);
      held.answer(`next-${n}`);
      expect((await next).text).toBe("done\n");
    }
    await upstreams.connsAre(name, 1);
    expect(await upstreams.firstPeer(name)).toMatchObject({ name: `127.0.0.1:${drained}`, conns: 1 });
    held.answer("running");
    expect(await answer).toMatchObject({ status: 200, text: "done\n" });
    await upstreams.connsAre(name, 0);
    await held.stop();
  });

  test("that wait for the next request survive every change of their upstream", async () => {
    let opened = 0;
    const server: Server = createServer((_, answer) => {
      answer.end("kept\n");
    });
    server.on("connection", () => {
      opened++;
    });
    server.keepAliveTimeout = 120_000;
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const name = await upstreams.set(`server 127.0.0.1:${port};`);
    const connections = Array.from({ length: 4 }, () => new KeptConnection(cluster.port));
    for (let round = 1; round <= 30; round++) {
      await upstreams.set(`server 127.0.0.1:${port} weight=${round};${round % 2 === 0 ? ` server 127.0.0.1:${nobody} backup;` : ""}`, name);
      for (const connection of connections) {
        const { status } = await connection.ask(`GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n\r\n`);
        expect(status).toBe(200);
      }
    }
    expect(opened).toBeLessThanOrEqual(WORKERS);
    for (const connection of connections) {
      connection.close();
    }
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

test("nothing broke on the way", () => {
  expectNoFaults(cluster, "life", ["exited on signal 9"]);
});
