import { describe, expect, test } from "vitest";
import { send } from "../support/http.ts";
import { WORKERS } from "../support/cluster.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster();
const { cluster } = upstreams;
const ok = { code: 200, desc: "success " };
const again = { code: 200, desc: "success  it is so already; nothing was changed" };

const stored = (name: string): Promise<string | null> => cluster.redis.client.hget("ab:test:upstreams", name);

/** An answer as it stands on the wire. */
async function said(action: string, parameters: Record<string, string | number> = {}): Promise<unknown> {
  return JSON.parse((await upstreams.ask(action, parameters)).text) as unknown;
}

const peer = (id: number, name: string, weight = 1): object => ({
  id, name, weight, effective_weight: weight, current_weight: 0, conns: 0, fails: 0, max_fails: 1, fail_timeout: 10,
});

describe("the actions of the deployed clients", () => {
  test("add_upstream takes an nginx body on one line, and says its revision to every worker", async () => {
    const { headers, text } = await upstreams.ask("add_upstream", {
      upstream: "deployed",
      servers: "server 10.13.112.54:8020; server 10.13.112.54:8021 backup; keepalive 1000;",
    });
    expect(text).toBe('{"code":200,"desc":"success "}');
    expect(headers["x-dygateway-revision"]).toBe(await cluster.redis.client.get("ab:test:revision"));
    expect(headers["x-dygateway-applied"]).toBe(`${WORKERS}/${WORKERS}`);
    expect(await stored("deployed")).toBe("server 10.13.112.54:8020; server 10.13.112.54:8021 backup; keepalive 1000;");
  });

  test("get_upstreams, get_primary_peers and get_backup_peers answer in the field's words", async () => {
    expect((await said("get_upstreams")) as { data: string[] }).toMatchObject({ ...ok, data: expect.arrayContaining(["stable", "beta1", "deployed"]) as unknown });
    expect(await said("get_primary_peers", { upstream: "deployed" })).toEqual({ ...ok, data: { deployed: [peer(0, "10.13.112.54:8020")] } });
    expect(await said("get_backup_peers", { upstream: "deployed" })).toEqual({ ...ok, data: { deployed: [peer(0, "10.13.112.54:8021")] } });
    const all = (await said("get_primary_peers")) as { data: Record<string, unknown> };
    expect(Object.keys(all.data).sort()).toEqual(["beta1", "beta2", "beta3", "beta4", "deployed", "stable"]);
    expect(all.data["stable"]).toEqual([peer(0, `127.0.0.1:${cluster.backends.ports.stable}`)]);
  });

  test("the two-step pairs, each step as often as a client likes", async () => {
    const name = await upstreams.set("server 10.0.0.1:80;");
    const second = { upstream: name, ip: "10.0.0.2", port: 80 };
    expect(await said("add_server", { ...second, weight: 2, maxfails: 3, failtimeout: 30 })).toEqual(ok);
    expect(await stored(name)).toBe("server 10.0.0.1:80; server 10.0.0.2:80 weight=2 max_fails=3 fail_timeout=30s;");
    expect(await said("add_peer", second)).toEqual(again);
    expect(await said("remove_peer", second)).toEqual(ok);
    expect(await said("remove_peer", second)).toEqual(again);
    expect(await said("get_primary_peers", { upstream: name })).toEqual({ ...ok, data: { [name]: [peer(0, "10.0.0.1:80")] } });
    expect(await said("add_peer", second)).toEqual(ok);
    expect(await said("remove_server", second)).toEqual(ok);
    expect(await said("remove_server", second)).toEqual(again);
    expect(await stored(name)).toBe("server 10.0.0.1:80;");
  });

  test("set_peer_* by id and backup, or by ip and port", async () => {
    const name = await upstreams.set("server 10.0.0.1:80; server 10.0.0.2:80; server 10.0.0.3:80 backup;");
    expect(await said("set_peer_weight", { upstream: name, id: 1, backup: "false", value: 5 })).toEqual(ok);
    expect(await said("set_peer_max_fails", { upstream: name, id: 0, backup: "true", value: 9 })).toEqual(ok);
    expect(await said("set_peer_fail_timeout", { upstream: name, ip: "10.0.0.1", port: 80, value: 3 })).toEqual(ok);
    expect(await said("set_peer_down", { upstream: name, id: 0, backup: "false", value: "true" })).toEqual(ok);
    expect(await said("get_primary_peers", { upstream: name })).toEqual({
      ...ok,
      data: { [name]: [{ ...peer(0, "10.0.0.1:80"), fail_timeout: 3, down: true }, peer(1, "10.0.0.2:80", 5)] },
    });
    expect(await said("get_backup_peers", { upstream: name })).toEqual({ ...ok, data: { [name]: [{ ...peer(0, "10.0.0.3:80"), max_fails: 9 }] } });
    expect(await said("set_peer_down", { upstream: name, id: 0, backup: "false", value: "false" })).toEqual(ok);
    expect(await stored(name)).toBe("server 10.0.0.1:80 fail_timeout=3s; server 10.0.0.2:80 weight=5; server 10.0.0.3:80 max_fails=9 backup;");
  });

  test("remove_upstream, also of one that is not there", async () => {
    const name = await upstreams.set("server 10.0.0.1:80;");
    expect(await said("remove_upstream", { upstream: name })).toEqual(ok);
    expect(await said("remove_upstream", { upstream: name })).toEqual(again);
    expect((await upstreams.ask("get_primary_peers", { upstream: name })).desc).toContain(`there is no upstream '${name}'`);
  });
});

describe("the other actions", () => {
  test("set_upstream and get_upstream: strategy, keepalive and check", async () => {
    const name = await upstreams.set("server 10.0.0.1:80 slow_start=20s; server 10.0.0.2:80;");
    const check = "type=tcp interval=60s";
    const onlyWritten = "keepalive_timeout and keepalive_requests are written to upstream.conf only";
    const noted = { ...ok, desc: expect.stringMatching(`^success  ${onlyWritten}`) as unknown };
    expect(await said("set_upstream", { upstream: name, strategy: "hash $arg_id consistent", keepalive: 16, keepalive_timeout: "30s", check })).toEqual(noted);
    const first = { name: "10.0.0.1:80", weight: 1, max_fails: 1, fail_timeout: 10, max_conns: 0, slow_start: 20, backup: false, down: false, drain: false, in_rotation: true };
    expect(await said("get_upstream", { upstream: name })).toEqual({
      ...noted,
      data: {
        upstream: name,
        source: "redis",
        body: "hash $arg_id consistent; server 10.0.0.1:80 slow_start=20s; server 10.0.0.2:80; keepalive 16; keepalive_timeout 30s; check type=tcp interval=60s;",
        strategy: "hash $arg_id consistent",
        keepalive: { connections: 16, timeout: 30 },
        check: { type: "tcp", interval: 60, timeout: 2, rise: 2, fall: 3, port: 0, initial: "up" },
        servers: [first, { ...first, name: "10.0.0.2:80", slow_start: 0 }],
        health: { peers: expect.any(Object) as unknown },
      },
    });
    expect(await said("set_upstream", { upstream: name, strategy: "round_robin", check: "off" })).toEqual(ok);
    expect(await said("get_upstream", { upstream: name })).toMatchObject({ data: { strategy: "round_robin", check: null, keepalive: { connections: 16 } } });
    expect(await said("get_upstream", { upstream: "stable" })).toMatchObject({ data: { source: "upstream.conf", keepalive: { connections: 64 }, check: null } });
  });

  test("set_peer, drain_peer and get_servers", async () => {
    const name = await upstreams.set("server 10.0.0.1:80; server 10.0.0.2:80; server 10.0.0.3:80 out;");
    expect(await said("set_peer", { upstream: name, ip: "10.0.0.1", port: 80, weight: 4, max_fails: 0, fail_timeout: "1m", max_conns: 9, slow_start: 5 })).toEqual(ok);
    expect(await said("drain_peer", { upstream: name, id: 1 })).toEqual(ok);
    const server = { name: "10.0.0.1:80", weight: 4, max_fails: 0, fail_timeout: 60, max_conns: 9, slow_start: 5, backup: false, down: false, drain: false, in_rotation: true };
    const plain = { ...server, weight: 1, max_fails: 1, fail_timeout: 10, max_conns: 0, slow_start: 0 };
    expect(await said("get_servers", { upstream: name })).toEqual({
      ...ok,
      data: { [name]: [server, { ...plain, name: "10.0.0.2:80", drain: true }, { ...plain, name: "10.0.0.3:80", in_rotation: false }] },
    });
    expect(await said("drain_peer", { upstream: name, id: 1, value: "false" })).toEqual(ok);
    expect(await said("set_peer", { upstream: name, id: 0, drain: "true", weight: 1 })).toEqual(ok);
    expect(await stored(name)).toBe("server 10.0.0.1:80 max_fails=0 fail_timeout=60s max_conns=9 slow_start=5s drain; server 10.0.0.2:80; server 10.0.0.3:80 out;");
  });

  test("get_status: what every worker has counted, and whether they agree", async () => {
    const servers = await upstreams.servers(2);
    const name = await upstreams.set(servers.map(({ address }) => `server ${address};`).join(" "));
    for (let n = 0; n < 20; n++) {
      await upstreams.answerer(name);
    }
    const { data } = await upstreams.done("get_status", { upstream: name });
    expect(data.workers).toHaveLength(WORKERS);
    const { source, agreed, panics, peers } = data.upstreams[name] as { source: string; agreed: boolean; panics: number; peers: { name: string; requests: number; failures: number; workers: { requests: number }[] }[] };
    expect({ source, agreed, panics }).toEqual({ source: "redis", agreed: true, panics: 0 });
    expect(peers.map((one) => one.name)).toEqual(servers.map(({ address }) => address));
    expect(peers.reduce((sum, one) => sum + one.requests, 0)).toBe(20);
    expect(peers.every((one) => one.workers.length === WORKERS && one.failures === 0)).toBe(true);
    expect(peers.every((one) => one.workers.reduce((sum, worker) => sum + worker.requests, 0) === one.requests)).toBe(true);
    // nginx itself serves those of upstream.conf.
    expect((await upstreams.done("get_status", { upstream: "stable" })).data.upstreams.stable).toEqual({ source: "upstream.conf", agreed: null, panics: 0, peers: [] });
  });

  test("get_status of all goes by pages, and many may ask at once", async () => {
    const first = (await upstreams.done("get_status", { count: 2 })).data;
    expect(Object.keys(first.upstreams as object)).toHaveLength(2);
    expect(first.next).toBe(2);
    const answers = await Promise.all(Array.from({ length: 20 }, () => upstreams.done("get_status", { count: 3 })));
    expect(answers.every(({ data }) => (data.workers as unknown[]).length === WORKERS)).toBe(true);
  });

  test("add_upstream takes a long body by POST, too", async () => {
    const name = upstreams.newName();
    const servers = Array.from({ length: 1000 }, (_, i) => `server 10.1.${Math.floor(i / 250)}.${(i % 250) + 1}:8080;`).join(" ");
    const answer = await send(cluster.adminPort, { method: "POST", path: `/dyupsc_admin?action=add_upstream&upstream=${name}`, body: servers });
    expect(JSON.parse(answer.text)).toEqual(ok);
    expect(await stored(name)).toBe(servers);
    const empty = await send(cluster.adminPort, { method: "POST", path: `/dyupsc_admin?action=add_upstream&upstream=${name}` });
    expect(JSON.parse(empty.text)).toMatchObject({ code: 50101 });
  });
});
