import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { workersOf } from "../promises/faults.ts";
import { WORKERS } from "../support/cluster.ts";
import { workerPids } from "../support/error_log.ts";
import { until } from "../support/until.ts";
import { dictLocation, inDict, roomIsMissing } from "./shared_dict.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster({ locations: dictLocation, config: { workers: { shared_dict: "4m" } } });
const { cluster } = upstreams;

async function workerThatLeads(leads: boolean): Promise<number> {
  return (await workersOf(cluster)).find(({ alive, leader }) => alive && leader === leads)?.pid ?? -1;
}

async function isReplaced(pid: number): Promise<void> {
  await until("another has taken its place", async () => {
    const pids = await workerPids(cluster);
    return pids.length === WORKERS && !pids.includes(pid);
  }, 10_000);
}

async function textOf(key: string): Promise<string> {
  return String((await inDict(upstreams, { get: [key] })).found[key]);
}

function without(list: string, name: string): string {
  return JSON.stringify((JSON.parse(list) as string[]).filter((item) => item !== name));
}

describe("a leader that is killed in the middle of publishing a step", () => {
  test("loses nothing of it: its successor publishes what is in the store", async () => {
    const [one, two] = await upstreams.servers(2);
    const changed = await upstreams.set(`server ${one.address};`);
    const removed = await upstreams.set(`server ${one.address};`);
    const added = upstreams.newName();
    const host = cluster.newHost();
    await cluster.divert(host, { divtype: "url", divdata: [{ url: "/", upstream: "beta1" }] });
    const [manifest, names, hosts] = [await textOf(`u:${changed}`), await textOf("ups"), await textOf("hosts")];
    const next = Number(await textOf("seq")) + 1;
    const leader = await workerThatLeads(true);
    // What it has written by then: manifests, and the lists without those that went away.
    await inDict(upstreams, {
      set: {
        writing: next,
        [`c:${next}`]: JSON.stringify({ hostnames: [host], upstreams: [changed, removed, added] }),
        [`u:${changed}`]: manifest.replace(one.address, two.address),
        [`u:${added}`]: manifest.replace(changed, added),
        ups: without(names, removed),
        hosts: without(hosts, host),
      },
    });
    process.kill(leader, "SIGSTOP");
    await until("it has stopped", () => / T /.test(readFileSync(`/proc/${leader}/stat`, "utf8")));
    const { client } = cluster.redis;
    await upstreams.byHand({ [changed]: `server ${two.address};`, [added]: `server ${one.address};` });
    await client.hdel("ab:test:upstreams", removed);
    await client.del(...(await client.keys(`ab:test:runtimeInfo:${host}:*`)));
    process.kill(leader, "SIGKILL");
    await isReplaced(leader);
    await upstreams.everyWorkerAnswers(changed, "s2");
    await upstreams.everyWorkerAnswers(added, "s1");
    await upstreams.everyWorkerAnswers(removed, "502");
    await until("the diversion is over", async () => (await cluster.ask(host)) === "stable");
    expect(JSON.parse(await textOf("ups"))).toEqual([changed, added].sort());
    expect(JSON.parse(await textOf("hosts"))).not.toContain(host);
  });

  test("and left no record of what the step was about loses nothing, either", async () => {
    const [one, two] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${one.address};`);
    const manifest = await textOf(`u:${name}`);
    const next = Number(await textOf("seq")) + 1;
    const leader = await workerThatLeads(true);
    await inDict(upstreams, { set: { writing: next, [`u:${name}`]: manifest.replace(one.address, two.address) } });
    process.kill(leader, "SIGSTOP");
    await upstreams.byHand({ [name]: `server ${two.address};` });
    process.kill(leader, "SIGKILL");
    await isReplaced(leader);
    await upstreams.everyWorkerAnswers(name, "s2");
  });
});

describe("a shared dict that is full", () => {
  afterEach(async () => {
    await inDict(upstreams, { empty: true });
  });

  test("keeps what is in force, also for workers that start, and takes the change when there is room", async () => {
    const [one, two] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${one.address};`);
    const before = await textOf(`u:${name}`);
    const position = await textOf("position");
    await inDict(upstreams, { fill: true });
    const many = Array.from({ length: 60 }, (_, i) => `server 10.0.0.${i + 1}:80 down;`).join(" ");
    await upstreams.byHand({ [name]: `server ${two.address}; ${many}` });
    await roomIsMissing(upstreams);
    expect([await textOf(`u:${name}`), await textOf("position")]).toEqual([before, position]);
    const worker = await workerThatLeads(false);
    process.kill(worker, "SIGKILL");
    await isReplaced(worker);
    await upstreams.everyWorkerAnswers(name, "s1");
    await inDict(upstreams, { empty: true });
    await upstreams.everyWorkerAnswers(name, "s2");
  });

  test("loses no entry to a counter that is new", async () => {
    const { data } = await cluster.done("policygroup_set", {}, { 1: { divtype: "url", divdata: [{ url: "/", upstream: "beta1" }] } });
    const host = cluster.newHost();
    const before = await inDict(upstreams, { delete: ["blobs"], fill: true, lengths: "" });
    await cluster.done("runtime_set", { hostname: host, policygroupid: data.groupid as number });
    await until("it was tried", async () => {
      const problem = (await cluster.done("status")).data.store.problem as string;
      return problem.includes("has no room") || (await cluster.ask(host)) === "beta1";
    });
    const after = await inDict(upstreams, { lengths: "" });
    // All but what lives for a few seconds, or is freed with the policy that it belongs to.
    const lost = Object.keys(before.lengths).filter((key) => /^(filler|u|m|w):|^(hosts|ups|position|seq|writing)$/.test(key) && after.lengths[key] === undefined);
    expect(lost).toEqual([]);
    await inDict(upstreams, { empty: true });
    await until("it is diverted", async () => (await cluster.ask(host)) === "beta1");
  });
});

test("a message that somebody publishes on Redis' own channel does not end the listening", async () => {
  const [one, two] = await upstreams.servers(2);
  const name = await upstreams.set(`server ${one.address};`);
  const { client } = cluster.redis;
  await until("the gateway listens", async () => ((await client.pubsub("NUMSUB", "__redis__:invalidate"))[1] as number) > 0);
  await client.publish("__redis__:invalidate", "x");
  await upstreams.byHand({ [name]: `server ${two.address};` });
  await upstreams.everyWorkerAnswers(name, "s2");
  expect((await cluster.done("status")).data.store.direct_writes).toBe("announced");
});

test("what workers say of many upstreams is never one large entry", async () => {
  const servers = Array.from({ length: 30 }, (_, i) => `server 10.0.1.${i + 1}:80;`).join(" ");
  const names = await Promise.all(Array.from({ length: 40 }, () => upstreams.set(servers)));
  const { data } = await upstreams.done("get_status", { count: 1000 });
  for (const name of names) {
    expect(data.upstreams[name].peers[29].workers).toHaveLength(WORKERS);
  }
  const { lengths } = await inDict(upstreams, { lengths: "ask:" });
  expect(Object.keys(lengths).length).toBeGreaterThan(WORKERS);
  expect(Math.max(...Object.values(lengths))).toBeLessThan(8192);
});

function residentKilobytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

test("the rings of a consistent hash that were replaced do not pile up", async () => {
  const [server] = await upstreams.servers(1);
  const ring = (round: number): string => `hash $uri consistent; server ${server.address} weight=${4000 + round}; server 127.0.0.1:9 weight=2000 down;`;
  const name = await upstreams.set(ring(0));
  const pids = await workerPids(cluster);
  const before = pids.map((pid) => residentKilobytes(pid));
  for (let round = 1; round <= 15; round++) {
    await upstreams.set(ring(round), name);
  }
  const grown = pids.map((pid, i) => residentKilobytes(pid) - (before[i] ?? 0));
  expect(Math.max(...grown)).toBeLessThan(60_000);
});
