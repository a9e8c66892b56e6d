import { describe, expect, test } from "vitest";
import { send } from "../support/http.ts";
import { storeState } from "../support/store_state.ts";
import { WORKERS } from "../support/cluster.ts";
import { useUpstreamCluster, type PeerStatus } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster();
const { cluster } = upstreams;

const state = (): Promise<unknown> => storeState(cluster.redis.client);

interface Envelope {
  readonly code: number;
  readonly desc: string;
}

const policy = (...names: string[]): object => ({
  divtype: "url",
  divdata: names.map((upstream, i) => ({ url: `/${i}`, upstream })),
});

describe("a refused instruction says what was wrong, and nothing changes", () => {
  test.each([
    ["add_upstream", { upstream: "x" }, 50104, "arg servers invalid: it is missing"],
    ["add_upstream", { servers: "server 10.0.0.1:80;" }, 50104, "arg upstream invalid: it is missing"],
    ["add_upstream", { upstream: "a/b", servers: "server 10.0.0.1:80;" }, 50104, "arg upstream invalid"],
    ["add_upstream", { upstream: "STABLE", servers: "server 10.0.0.1:80;" }, 50104, "'STABLE' differs from 'stable' only in case"],
    ["add_upstream", { upstream: "x", servers: "server 10.0.0.1:80" }, 50102, "statement 1: a ';' is missing after 'server 10.0.0.1:80'"],
    ["add_upstream", { upstream: "x", servers: "server 10.0.0.1:80; server 10.0.0.2:80 weight=0;" }, 50102, "statement 2: weight=0"],
    ["add_upstream", { upstream: "x", servers: "server 10.0.0.1:99999;" }, 50102, "bad port"],
    ["add_upstream", { upstream: "x", servers: "server 10.0.0.1:80 backup;" }, 50102, "every server is a backup"],
    ["add_upstream", { upstream: "x", servers: "include /etc/passwd;" }, 50102, "no file is read"],
    ["add_upstream", { upstream: "x", servers: '{"a":1}' }, 50102, "JSON is no upstream body"],
    ["add_server", { upstream: "beta1", ip: "10.0.0.1" }, 50104, "arg port invalid: it is missing"],
    ["add_server", { upstream: "nowhere", ip: "10.0.0.1", port: 80 }, 50104, "there is no upstream 'nowhere'"],
    ["add_peer", { upstream: "beta1", ip: "10.0.0.1", port: 80 }, 50104, "10.0.0.1:80 is no server of upstream 'beta1'"],
    ["set_peer_weight", { upstream: "beta1", id: 1, value: 2 }, 50104, "its primary peers are 0 to 0"],
    ["set_peer_weight", { upstream: "beta1", id: 0, value: 0 }, 50104, "arg value invalid: a whole number from 1 to 65535"],
    ["set_upstream", { upstream: "beta1", strategy: "best" }, 50104, "arg strategy invalid"],
    ["remove_server", { upstream: "beta1", ip: "127.0.0.1", port: 0 }, 50104, "arg port invalid"],
    ["get_upstream", {}, 50104, "arg upstream invalid: it is missing"],
    ["get_servers", { upstream: "nowhere" }, 50104, "there is no upstream 'nowhere'"],
    ["get_status", { count: 0 }, 50104, "arg count invalid"],
    ["fly", {}, 50501, "there is no such action; there are: add_peer, add_server"],
    ["", {}, 50406, "parameter action"],
  ] as const)("%s %j", async (action, parameters, code, words) => {
    const before = await state();
    const answer = await upstreams.ask(action, parameters);
    expect(answer.status).toBe(200);
    expect(answer.code).toBe(code);
    expect(answer.desc).toContain(words);
    expect(await state()).toEqual(before);
  });

  test("a parameter that stands twice is refused", async () => {
    const answer = await send(cluster.adminPort, { path: "/dyupsc_admin?action=get_upstreams&upstream=a&upstream=b" });
    expect(JSON.parse(answer.text)).toMatchObject({ code: 50104, desc: expect.stringContaining("it stands more than once") as unknown });
  });

  test("another site's page and another Host are refused before anything is looked at", async () => {
    const path = "/dyupsc_admin?action=remove_upstream&upstream=stable&force=1";
    const before = await state();
    for (const headers of [{ Host: "evil.test" }, { Origin: "http://evil.test" }, { "Sec-Fetch-Site": "cross-site" }]) {
      const answer = await send(cluster.adminPort, { path, headers: { Host: `127.0.0.1:${cluster.adminPort}`, ...headers } });
      expect(answer.status).toBe(403);
    }
    expect(await state()).toEqual(before);
  });
});

describe("diversion and upstreams", () => {
  test("a policy, a group and a runtime are refused where they lead nowhere, unless forced", async () => {
    const before = await state();
    const refused = await cluster.admin("policy_set", {}, policy("stable", "nowhere", "10.0.0.1:80"));
    expect(refused).toMatchObject({ code: 50201, desc: expect.stringContaining("upstream 'nowhere': there is none of that name") as unknown });
    expect((await cluster.admin("policygroup_set", {}, { 1: policy("stable"), 2: policy("nowhere") })).desc).toMatch(/^policy NO\.2 .*'nowhere'/);
    expect(await state()).toEqual(before);
    const { data } = await cluster.done("policy_set", { force: 1 }, policy("nowhere"));
    const policyid = data.policyid as number;
    const host = cluster.newHost();
    const put = await cluster.admin("runtime_set", { hostname: host, policyid });
    expect(put).toMatchObject({ code: 50201, desc: expect.stringContaining(`policy ${policyid}: policy invalid for upstream 'nowhere'`) as unknown });
    await cluster.done("runtime_set", { hostname: host, policyid, force: 1 });
    await cluster.done("runtime_del", { hostname: host });
    await upstreams.set("server 10.0.0.1:80;", "nowhere");
    await cluster.done("runtime_set", { hostname: host, policyid });
    await cluster.done("runtime_del", { hostname: host });
  });

  test("an upstream in use is not removed, nor left without a usable peer, unless forced", async () => {
    const name = await upstreams.set("server 10.0.0.1:80; server 10.0.0.2:80;");
    const host = cluster.newHost();
    const [policyid = -1] = await cluster.divert(host, policy(name));
    const uses = `${policyid}: `;
    await upstreams.done("drain_peer", { upstream: name, id: 0 });
    const before = await state();
    for (const [action, parameters] of [
      ["remove_upstream", {}],
      ["remove_peer", { ip: "10.0.0.2", port: 80 }],
      ["remove_server", { ip: "10.0.0.2", port: 80 }],
      ["set_peer_down", { id: 1, value: "true" }],
      ["set_peer", { id: 1, drain: "true" }],
      ["drain_peer", { id: 1 }],
      ["add_upstream", { servers: "server 10.0.0.9:80 down;" }],
    ] as const) {
      const answer = await upstreams.ask(action, { upstream: name, ...parameters });
      expect([action, answer.code]).toEqual([action, 50202]);
      expect(answer.desc).toContain(`policy is busy and policyID is ${uses}`);
      expect(answer.desc).toContain(`the runtime of ${host} (policy ${policyid})`);
    }
    expect(await state()).toEqual(before);
    await upstreams.done("drain_peer", { upstream: name, id: 1, force: 1 });
    await upstreams.done("remove_upstream", { upstream: name, force: 1 });
  });
});

describe("many writers", () => {
  test("twenty at once: every change counts, once", async () => {
    const name = await upstreams.set("server 10.0.0.1:80;");
    const revision = Number(await cluster.redis.client.get("ab:test:revision"));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => upstreams.ask("add_server", { upstream: name, ip: `10.0.1.${i + 1}`, port: 80 })),
    );
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 200));
    const revisions = answers.map(({ headers }) => Number(headers["x-dygateway-revision"])).sort((a, b) => a - b);
    expect(revisions).toEqual(answers.map((_, i) => revision + 1 + i));
    const { data } = await upstreams.done("get_servers", { upstream: name });
    const names = (data[name] as { name: string }[]).map((server) => server.name);
    expect(names.sort()).toEqual(["10.0.0.1:80", ...answers.map((_, i) => `10.0.1.${i + 1}:80`)].sort());
  });

  test("one removes an upstream while others lead policies to it: never both", async () => {
    for (let round = 0; round < 5; round++) {
      const name = await upstreams.set("server 10.0.0.1:80;");
      const host = cluster.newHost();
      const { data } = await cluster.done("policy_set", {}, policy(name));
      const [removed, put] = await Promise.all([
        upstreams.ask("remove_upstream", { upstream: name }),
        cluster.admin("runtime_set", { hostname: host, policyid: data.policyid as number }),
      ]);
      expect([removed.code, put.code].sort()).toEqual(removed.code === 200 ? [200, 50201] : [200, 50202]);
      await cluster.done("runtime_del", { hostname: host });
    }
  });
});

describe("saying the same again", () => {
  /** What each worker has counted; what it hears of others may come a moment later. */
  const numbers = (peers: readonly PeerStatus[]): unknown =>
    peers.map(({ name, requests, failures, workers }) => ({ name, requests, failures, open: workers.map((worker) => worker.open) }));

  test("has no revision of its own, and resets neither balancing nor failures", async () => {
    const good = await upstreams.server("good");
    const body = `server ${good.address} weight=3; server 127.0.0.1:1 max_fails=1 fail_timeout=100s;`;
    const name = await upstreams.set(body);
    // Every worker finds out for itself, or hears of it, that nobody is at the second one.
    await upstreams.everyWorkerAnswers(name, "good");
    const before = numbers(await upstreams.peers(name));
    const revision = await cluster.redis.client.get("ab:test:revision");
    for (let n = 0; n < 5; n++) {
      expect(await upstreams.ask("add_upstream", { upstream: name, servers: body })).toMatchObject({ code: 200 });
    }
    expect(await cluster.redis.client.get("ab:test:revision")).toBe(revision);
    const after = await upstreams.peers(name);
    expect(numbers(after)).toEqual(before);
    expect(after.find((peer) => peer.name === "127.0.0.1:1")?.workers.every((worker) => !worker.open)).toBe(true);
  });
});

describe("without Redis", () => {
  test("reads say that they are the node's own, changes are refused, and requests go on", async () => {
    const server = await upstreams.server("alone");
    const name = await upstreams.set(`server ${server.address};`);
    const revision = await cluster.redis.client.get("ab:test:revision");
    await cluster.redis.kill();
    try {
      const words = `success  from the local snapshot at revision ${revision ?? ""}: Redis cannot be reached`;
      const servers = await upstreams.ask("get_servers", { upstream: name });
      expect(servers.desc).toBe(words);
      expect((servers.data as Record<string, unknown[]>)[name]).toMatchObject([{ name: server.address }]);
      expect((await upstreams.ask("get_upstreams")).data).toEqual(expect.arrayContaining([name, "stable"]));
      expect((await upstreams.ask("get_status", { upstream: name })).data.workers).toHaveLength(WORKERS);
      const refused = await upstreams.ask("remove_upstream", { upstream: name });
      expect((refused as Envelope).code).toBe(50301);
      expect(await upstreams.answerer(name)).toBe("alone");
    } finally {
      await cluster.redis.start();
    }
    await cluster.ready();
  });
});
