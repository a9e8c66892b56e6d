import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useCluster, WORKERS, type Cluster } from "./support/cluster.ts";
import { until } from "./support/until.ts";

const suffix = (digit: number, upstream: string): object => ({ divtype: "uidsuffix", divdata: [{ suffix: digit, upstream }] });
const uid = (value: string): { headers: Record<string, string> } => ({ headers: { "X-Uid": value } });

/** What a host answers for uids 0 to 9, on 24 connections each, so that every worker is asked. */
async function answersOf(cluster: Cluster, host: string): Promise<string[]> {
  const found: string[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const answers = new Set(await Promise.all(Array.from({ length: 24 }, () => cluster.ask(host, uid(`4${digit}`)))));
    found.push([...answers].sort().join(" or "));
  }
  return found;
}

const expected = ["stable", "beta1", "beta2", "stable", "stable", "stable", "stable", "stable", "stable", "stable"];

async function saved(cluster: Cluster): Promise<void> {
  await until("the snapshot on disk is up to date", async () => {
    const { data } = await cluster.done("status");
    return data.snapshot.current === true && data.revision > 0;
  });
}

describe("Redis goes away", () => {
  const cluster = useCluster();
  const host = "api.weibo.cn";
  let ids: number[] = [];

  beforeAll(async () => {
    ids = await cluster.divert(host, suffix(1, "beta1"), suffix(2, "beta2"));
    await saved(cluster);
    await cluster.redis.kill();
  });

  test("traffic is as before", async () => {
    expect(await answersOf(cluster, host)).toEqual(expected);
  });

  test("every write answers 50301, and says that nothing was changed", async () => {
    const answers = [
      await cluster.admin("policy_set", {}, suffix(3, "beta3")),
      await cluster.admin("policygroup_set", {}, { 1: suffix(3, "beta3") }),
      await cluster.admin("policy_del", { policyid: 0 }),
      await cluster.admin("policygroup_del", { policygroupid: 0 }),
      await cluster.admin("runtime_set", { hostname: host, policyid: 0 }),
      await cluster.admin("runtime_del", { hostname: host }),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.code]).toEqual([200, 50301]);
      expect(answer.desc).toMatch(/^redis connect error for .*nothing was changed/);
    }
    expect(await answersOf(cluster, host)).toEqual(expected);
  });

  test("reads of what is in force say that they are from the local snapshot; others answer 50301", async () => {
    const runtime = await cluster.done("runtime_get", { hostname: host });
    expect(runtime.desc).toMatch(/^success {2}from the local snapshot at revision \d+: Redis cannot be reached$/);
    expect(runtime.data.divsteps).toBe(2);
    expect(runtime.data.runtimegroup.first.divDataKey).toBe(`ab:test:policies:${ids[0] ?? ""}:divdata`);
    const policy = await cluster.done("policy_get", { policyid: ids[1] ?? -1 });
    expect(policy.desc).toContain("from the local snapshot");
    expect(policy.data).toEqual({ divtype: "uidsuffix", divdata: ["2", "beta2"] });
    for (const action of ["policy_list", "policygroup_list", "runtime_list"]) {
      expect((await cluster.admin(action)).code).toBe(50301);
    }
    expect((await cluster.admin("policy_check", {}, suffix(1, "beta1"))).code).toBe(200);
    expect((await cluster.done("explain", { hostname: host, uid: 42 })).data.upstream).toBe("beta2");
  });

  test("status says so", async () => {
    const { data } = await cluster.done("status");
    expect(data.store.reachable).toBe(false);
    expect(data.store.revision).toBeNull();
    expect(data.store.problem).toContain(cluster.redisSocket);
    expect(data.runtimes).toBe(1);
  });

  test("nginx reloads without Redis: nothing is lost", async () => {
    const before = await pids(cluster);
    cluster.gateway.reload();
    await until("new workers serve", async () => {
      const now = await pids(cluster);
      return now.length === WORKERS && !now.some((pid) => before.includes(pid));
    }, 10_000);
    expect(await answersOf(cluster, host)).toEqual(expected);
  });

  test("nginx starts without Redis: the last good snapshot is served from the first request", async () => {
    await cluster.restart(false);
    expect(await answersOf(cluster, host)).toEqual(expected);
    const runtime = await cluster.done("runtime_get", { hostname: host });
    expect(runtime.desc).toContain("from the local snapshot");
    expect((await cluster.admin("runtime_del", { hostname: host })).code).toBe(50301);
  });

  test("when Redis is back, writes are taken and the node follows", async () => {
    await cluster.redis.start();
    await until("the store is reachable", async () => (await cluster.done("status")).data.store.reachable === true);
    await cluster.divert(host, suffix(1, "beta4"));
    expect(await cluster.ask(host, uid("1"))).toBe("beta4");
    await cluster.redis.client.del(`ab:test:runtimeInfo:${host}:divsteps`);
    await until("a direct write is followed", async () => (await cluster.ask(host, uid("1"))) === "stable");
  });
});

async function pids(cluster: Cluster): Promise<number[]> {
  const { data } = await cluster.done("status");
  return (data.workers as { pid: number; alive: boolean }[]).filter(({ alive }) => alive).map(({ pid }) => pid);
}

describe("workers and files", () => {
  const cluster = useCluster();
  const host = "api.weibo.cn";

  test("the leading worker dies: another leads, and no change is missed", async () => {
    await cluster.divert(host, suffix(1, "beta1"));
    const leader = ((await cluster.done("status")).data.workers as { pid: number; leader: boolean }[]).find((worker) => worker.leader);
    process.kill(leader?.pid ?? -1, "SIGKILL");
    await until("another worker leads", async () => {
      const { data } = await cluster.done("status");
      const leaders = (data.workers as { pid: number; leader: boolean; alive: boolean }[]).filter((worker) => worker.leader && worker.alive);
      return leaders.length === 1 && leaders[0]?.pid !== leader?.pid;
    }, 10_000);
    await cluster.divert(host, suffix(1, "beta2"));
    expect((await answersOf(cluster, host))[1]).toBe("beta2");
    await cluster.ready();
  });

  test("a damaged snapshot is not served: requests go to the default", async () => {
    await saved(cluster);
    await cluster.gateway.stop();
    await cluster.redis.kill();
    const folder = join(cluster.folder, "snapshot");
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
      writeFileSync(join(folder, name), bytes);
    }
    cluster.gateway.start();
    await cluster.ready(false);
    expect(await cluster.ask(host, uid("1"))).toBe("stable");
    expect(cluster.gateway.errorLog()).toMatch(/snapshot/);
    await cluster.redis.start();
    await until("Redis is read", async () => (await cluster.ask(host, uid("1"))) === "beta2");
  });
});

describe("Redis comes back empty, or with less than it had", () => {
  const cluster = useCluster();
  const host = "api.weibo.cn";

  async function lost(): Promise<void> {
    await until("the loss is noticed", async () => (await cluster.done("status")).data.store.lost === true);
  }

  test("FLUSHALL: serves what it had, says so, refuses writes until store_accept", async () => {
    await cluster.divert(host, suffix(1, "beta1"), suffix(2, "beta2"));
    await cluster.redis.client.flushall();
    await lost();
    expect(await answersOf(cluster, host)).toEqual(expected);
    const { data } = await cluster.done("status");
    expect(data.store).toMatchObject({ reachable: true, lost: true, revision: 0 });
    expect(data.store.problem).toContain("Redis has lost data");
    expect(cluster.gateway.errorLog()).toContain("Redis has lost data");
    for (const answer of [
      await cluster.admin("policy_set", {}, suffix(3, "beta3")),
      await cluster.admin("runtime_set", { hostname: host, policyid: 0 }),
      await cluster.admin("runtime_del", { hostname: host }),
    ]) {
      expect(answer.code).toBe(40101);
      expect(answer.desc).toContain("store_accept");
    }
    expect(await cluster.redis.client.keys("*")).toEqual([]);

    await cluster.done("store_accept");
    await until("the loss is accepted", async () => (await cluster.done("status")).data.store.lost === false);
    await until("the runtime is gone", async () => (await cluster.ask(host, uid("1"))) === "stable");
    await cluster.divert(host, suffix(1, "beta3"));
    expect((await answersOf(cluster, host))[1]).toBe("beta3");
    expect(await cluster.redis.client.get("ab:test:revision")).toBe("2");
  });

  test("an older copy of the data is a loss too; the newer one ends it by itself", async () => {
    await cluster.divert(host, suffix(1, "beta1"), suffix(2, "beta2"));
    const revision = (await cluster.redis.client.get("ab:test:revision")) ?? "";
    await cluster.redis.client.set("ab:test:revision", "1");
    await lost();
    expect(await answersOf(cluster, host)).toEqual(expected);
    await cluster.redis.client.set("ab:test:revision", revision);
    await until("it is over", async () => (await cluster.done("status")).data.store.lost === false);
    await cluster.divert(host, suffix(5, "beta1"));
    expect(await cluster.ask(host, uid("5"))).toBe("beta1");
  });

  test("most runtimes vanish without a change on record: a loss; one of many: somebody's work", async () => {
    const hosts = Array.from({ length: 8 }, (_, n) => `many${n}.test`);
    for (const each of hosts) {
      await cluster.divert(each, suffix(1, "beta1"));
    }
    await cluster.redis.client.del("ab:test:runtimeInfo:many0.test:divsteps");
    await until("one is gone", async () => (await cluster.ask("many0.test", uid("1"))) === "stable");
    expect((await cluster.done("status")).data.store.lost).toBe(false);
    const rest = hosts.slice(1);
    await cluster.redis.client.del(rest.map((each) => `ab:test:runtimeInfo:${each}:divsteps`));
    await lost();
    for (const each of rest) {
      expect(await cluster.ask(each, uid("1"))).toBe("beta1");
    }
    await cluster.done("store_accept");
    await until("they are gone", async () => (await cluster.ask(rest[0] ?? "", uid("1"))) === "stable");
  });
});
