import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { snapshotIsSaved, workersOf } from "../promises/faults.ts";
import { freePorts } from "../support/free_ports.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { until } from "../support/until.ts";
import { DnsServer } from "./dns_server.ts";
import type { MoodyBackend } from "./health_backends.ts";
import { useHealthCluster } from "./health_cluster.ts";

const dns = new DnsServer();
beforeAll(() => dns.start());
const health = useHealthCluster(() => [`127.0.0.1:${dns.port}`]);
const { cluster } = health;
afterAll(() => dns.stop());

const PROMPT_MS = 1000;

/** Servers on the same port of these addresses, named by the last number of each. */
async function backendsAt(...hosts: string[]): Promise<{ port: number; backends: MoodyBackend[] }> {
  const [port = 0] = await freePorts(1);
  const backends = await Promise.all(hosts.map((host) => health.backend(`at${host.split(".").at(-1)}`, { host, port })));
  return { port, backends };
}

async function peerNames(name: string): Promise<string[]> {
  return (await health.peers(name)).map((peer) => peer.name).sort();
}

function hasPeers(name: string, ...addresses: string[]): Promise<void> {
  const wanted = [...addresses].sort();
  return until(`${name} has the peers ${wanted.join(", ")}`, async () => {
    // Of one answer: no peers at all would be known to every worker.
    const peers = await health.peers(name);
    const names = peers.map((peer) => peer.name).sort();
    return JSON.stringify(names) === JSON.stringify(wanted) && peers.every(({ workers }) => workers.length === 4);
  }, 10_000);
}

async function nameReport(name: string, host: string): Promise<{ addresses: string[]; problem: string }> {
  const { data } = await health.done("get_upstream", { upstream: name });
  return data.health.names[host] as { addresses: string[]; problem: string };
}

/** The revision that every worker has in force. */
async function leastRevision(name: string): Promise<number> {
  const { workers } = (await health.status(name)).data as { workers: { revision: number }[] };
  return Math.min(...workers.map(({ revision }) => revision));
}

/** UDP sockets that a process has open. */
function udpSockets(pid: number): number {
  const inodes = readFileSync(`/proc/${pid}/net/udp`, "utf8").split("\n").map((line) => line.trim().split(/\s+/)[9] ?? "");
  const known = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const linkOf = (descriptor: string): string => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    } catch {
      // Closed meanwhile.
      return "";
    }
  };
  return readdirSync(`/proc/${pid}/fd`).filter((descriptor) => known.has(linkOf(descriptor))).length;
}

describe("a server that is a name", () => {
  test("is as many peers as it has addresses", async () => {
    dns.know({ "two.test": ["127.2.0.1", "127.2.0.2"] });
    const { port } = await backendsAt("127.2.0.1", "127.2.0.2");
    const name = health.newName();
    await health.done("add_upstream", { upstream: name, servers: `server two.test:${port} weight=2;` });
    await hasPeers(name, `127.2.0.1:${port}`, `127.2.0.2:${port}`);
    expect(new Set(await health.visits(name, 20))).toEqual(new Set(["at1", "at2"]));
    expect((await health.peers(name)).every(({ server }) => server === `two.test:${port}`)).toBe(true);
    expect(await nameReport(name, "two.test")).toEqual({ addresses: ["127.2.0.1", "127.2.0.2"], problem: "" });
  });

  test("follows a change when the answer's time is over, without a failed request; a peer that stays keeps its failures", async () => {
    dns.know({ "moves.test": ["127.2.1.1", "127.2.1.2"] });
    const { port, backends } = await backendsAt("127.2.1.1", "127.2.1.2", "127.2.1.3");
    await backends[1]?.become("refuse");
    const name = health.newName();
    await health.done("add_upstream", { upstream: name, servers: `server moves.test:${port} fail_timeout=60s;` });
    await hasPeers(name, `127.2.1.1:${port}`, `127.2.1.2:${port}`);
    // Each of four workers may begin with the first peer.
    await health.visits(name, 5);
    await health.isOpen(name, `127.2.1.2:${port}`, false);

    const answers: string[] = [];
    const moved = new AbortController();
    const traffic = (async () => {
      while (!moved.signal.aborted) {
        answers.push(await health.visit(name));
      }
    })();
    dns.know({ "moves.test": ["127.2.1.2", "127.2.1.3"] });
    try {
      await hasPeers(name, `127.2.1.2:${port}`, `127.2.1.3:${port}`);
    } finally {
      moved.abort();
      await traffic;
    }
    expect(new Set([...answers, "at1"])).toEqual(new Set(["at1", "at3"]));
    expect(new Set(await health.visits(name, 20))).toEqual(new Set(["at3"]));
    await health.isOpen(name, `127.2.1.2:${port}`, false);
    expect(cluster.gateway.errorLog()).toContain("'moves.test' has the addresses 127.2.1.2, 127.2.1.3");
  });

  test("has IPv6 addresses too, and those of the hosts file", async () => {
    dns.know({ "six.test": ["127.2.2.1", "::1"] });
    const { port } = await backendsAt("127.2.2.1");
    const six = health.newName();
    await health.done("add_upstream", { upstream: six, servers: `server six.test:${port};` });
    await hasPeers(six, `127.2.2.1:${port}`, `[::1]:${port}`);

    const local = health.newName();
    await health.done("add_upstream", { upstream: local, servers: `server localhost:${port};` });
    await until("localhost is known", async () => (await peerNames(local)).includes(`127.0.0.1:${port}`));
  });

  test("that an edit brings in has the peers from before until it is known, without a failed request", async () => {
    dns.know({ "old.test": ["127.2.5.1"] });
    const { port } = await backendsAt("127.2.5.1", "127.2.5.2");
    const name = health.newName();
    await health.done("add_upstream", { upstream: name, servers: `server old.test:${port};` });
    await hasPeers(name, `127.2.5.1:${port}`);

    await health.done("add_upstream", { upstream: name, servers: `server renamed.test:${port} weight=5;` });
    await until("it is looked for", async () => (await nameReport(name, "renamed.test")).problem === "it has no addresses");
    await until("every worker has the new definition", async () =>
      (await health.peers(name)).every(({ server, workers }) => server === `renamed.test:${port}` && workers.length === 4));
    expect(new Set(await health.visits(name, 20))).toEqual(new Set(["at1"]));

    dns.know({ "renamed.test": ["127.2.5.2"] });
    const answers: string[] = [];
    await until("the new one answers", async () => {
      const answer = await health.visit(name);
      answers.push(answer);
      return answer === "at2";
    }, 20_000);
    expect(new Set(answers)).toEqual(new Set(["at1", "at2"]));
    await hasPeers(name, `127.2.5.2:${port}`);
  });

  test("may lead where another one leads: one check is for both, and each goes down by it", async () => {
    dns.know({ "same.test": ["127.2.6.1"], "again.test": ["127.2.6.1"] });
    const { port, backends } = await backendsAt("127.2.6.1");
    const peer = backends[0] as MoodyBackend;
    const name = health.newName();
    const check = "check type=http interval=1s timeout=500ms rise=1 fall=1;";
    const servers = `server same.test:${port}; server again.test:${port}; ${check}`;
    await health.done("add_upstream", { upstream: name, servers });
    const allAre = (open: boolean): Promise<void> =>
      until(`both are ${open ? "open" : "closed"} in each worker`, async () => {
        const workers = (await health.peers(name)).flatMap((one) => one.workers);
        return workers.length === 8 && workers.every((worker) => worker.open === open);
      });
    await allAre(true);
    for (let weight = 2; weight <= 8; weight++) {
      const before = await leastRevision(name);
      await health.done("set_peer", { upstream: name, ip: "same.test", port, weight });
      await until("the edit is in force", async () => (await leastRevision(name)) > before);
    }
    await peer.become("error");
    await allAre(false);
    await peer.become("ok");
    await allAre(true);
    const before = peer.probes.length;
    const start = performance.now();
    await until("it is checked", () => peer.probes.length >= before + 4);
    expect(performance.now() - start, "once in each interval").toBeGreaterThan(2500);
  });

  test("is asked for again and again, and leaves no sockets behind", async () => {
    const hosts = Array.from({ length: 60 }, (_, i) => `many${i}.test`);
    const name = health.newName();
    const addressesIn = (round: number): string[] => hosts.map((_, i) => `127.3.${round}.${i + 1}`);
    const knowRound = (round: number): void => {
      dns.know(Object.fromEntries(addressesIn(round).map((address, i) => [hosts[i] ?? "", [address]])));
    };
    knowRound(1);
    await health.done("add_upstream", { upstream: name, servers: hosts.map((host) => `server ${host}:80;`).join(" ") });
    const leader = (await workersOf(cluster)).find((worker) => worker.leader)?.pid ?? 0;
    for (let round = 1; round <= 4; round++) {
      knowRound(round);
      await hasPeers(name, ...addressesIn(round).map((address) => `${address}:80`));
    }
    // Each lookup has one at a time, and sixteen are under way at most; four rounds need some five hundred.
    expect(udpSockets(leader)).toBeLessThan(40);
    await health.done("remove_upstream", { upstream: name });
  });

  test("may be unknown: the update is answered at once, others are served, and it comes when it is known", async () => {
    const { port } = await backendsAt("127.2.3.1");
    const good = await health.backend("good");
    const name = health.newName();
    const start = performance.now();
    await health.done("add_upstream", { upstream: name, servers: `server late.test:${port} weight=10; server ${good.address};` });
    expect(performance.now() - start).toBeLessThan(PROMPT_MS);
    await until("the other server is there", async () => (await peerNames(name)).length === 1);
    expect(new Set(await health.visits(name, 10))).toEqual(new Set(["good"]));
    await until("the reason is reported", async () => (await nameReport(name, "late.test")).problem === "it has no addresses");
    expect(cluster.gateway.errorLog()).toContain("'late.test' could not be resolved");

    dns.know({ "late.test": ["127.2.3.1"] });
    await until("it is there", async () => (await peerNames(name)).length === 2, 20_000);
    expect(new Set(await health.visits(name, 20))).toEqual(new Set(["good", "at1"]));
  });

  test("keeps its addresses while no DNS server answers, also when nginx starts again", async () => {
    dns.know({ "kept.test": ["127.2.4.1", "127.2.4.2"] });
    const { port, backends } = await backendsAt("127.2.4.1", "127.2.4.2");
    const name = health.newName();
    await health.done("add_upstream", { upstream: name, servers: `server kept.test:${port};` });
    await hasPeers(name, `127.2.4.1:${port}`, `127.2.4.2:${port}`);
    const file = `${cluster.folder}/snapshot/health`;
    await until("they are on disk", () => readFileSync(file, "utf8").includes("kept.test"));

    await dns.stop();
    try {
      await until("the problem is reported", async () => (await nameReport(name, "kept.test")).problem !== "", 15_000);
      expect(new Set(await health.visits(name, 20))).toEqual(new Set(["at1", "at2"]));

      // An update does not wait for anybody.
      const start = performance.now();
      await health.done("set_peer", { upstream: name, ip: "kept.test", port, weight: 2 });
      expect(performance.now() - start).toBeLessThan(PROMPT_MS);
      expect(new Set(await health.visits(name, 20))).toEqual(new Set(["at1", "at2"]));

      await cluster.restart();
      expect(new Set(await health.visits(name, 20))).toEqual(new Set(["at1", "at2"]));

      await snapshotIsSaved(cluster);
      await cluster.redis.kill();
      await cluster.restart(false);
      expect(new Set(await health.visits(name, 20))).toEqual(new Set(["at1", "at2"]));
      await cluster.redis.start();
      await cluster.ready();
    } finally {
      await dns.start();
    }
    await backends[0]?.become("refuse");
    dns.know({ "kept.test": ["127.2.4.2"] });
    await until("it is followed again", async () => (await peerNames(name)).join() === `127.2.4.2:${port}`, 40_000);
    expect(cluster.gateway.errorLog()).toContain("'kept.test' could not be resolved, it keeps 127.2.4.1, 127.2.4.2");
  });

  test("leaves no faults in the log", () => {
    expectNoFaults(cluster, "servers that are names");
  });
});
