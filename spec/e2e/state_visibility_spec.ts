import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { useCluster, WORKERS, type Cluster } from "./support/cluster.ts";
import { until } from "./support/until.ts";

const suffix = (digit: number, upstream: string): object => ({ divtype: "uidsuffix", divdata: [{ suffix: digit, upstream }] });
const one = { headers: { "X-Uid": "1" } };

/** Writes a runtime of one uidsuffix level as the predecessor does: command by command, and without a revision. */
async function writeDirectly(cluster: Cluster, host: string, id: number, upstream: string): Promise<void> {
  const { client } = cluster.redis;
  await client.set(`ab:test:policies:${id}:divtype`, "uidsuffix");
  await client.hset(`ab:test:policies:${id}:divdata`, "1", upstream);
  await client.set(`ab:test:runtimeInfo:${host}:first:divModulename`, "abtesting.diversion.uidsuffix");
  await client.set(`ab:test:runtimeInfo:${host}:first:divDataKey`, `ab:test:policies:${id}:divdata`);
  await client.set(`ab:test:runtimeInfo:${host}:first:userInfoModulename`, "abtesting.userinfo.uidParser");
  await client.set(`ab:test:runtimeInfo:${host}:divsteps`, "1");
}

/** Every worker answers as expected, again and again; the promise is 5 s. */
async function servedEverywhere(cluster: Cluster, host: string, upstream: string): Promise<void> {
  await until(`${upstream} answers for ${host}`, async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => cluster.ask(host, one)));
    return answers.every((answer) => answer === upstream);
  }, 5000);
}

async function directWritesAreServed(cluster: Cluster): Promise<void> {
  const host = cluster.newHost();
  const id = 900;
  await writeDirectly(cluster, host, id, "beta1");
  await servedEverywhere(cluster, host, "beta1");
  await cluster.redis.client.hset(`ab:test:policies:${id}:divdata`, "1", "beta2");
  await servedEverywhere(cluster, host, "beta2");
  await cluster.redis.client.rename(`ab:test:policies:${id}:divdata`, `ab:test:policies:${id + 1}:divdata`);
  await cluster.redis.client.set(`ab:test:policies:${id + 1}:divtype`, "uidsuffix");
  await cluster.redis.client.set(`ab:test:runtimeInfo:${host}:first:divDataKey`, `ab:test:policies:${id + 1}:divdata`);
  await servedEverywhere(cluster, host, "beta2");
  await cluster.redis.client.del(`ab:test:runtimeInfo:${host}:divsteps`);
  await servedEverywhere(cluster, host, "stable");
}

describe("one node on a unix socket", () => {
  const cluster = useCluster();

  test("a change is visible in every worker when the admin's answer arrives", async () => {
    const host = cluster.newHost();
    const [a = -1, b = -1] = await cluster.divert(host, suffix(1, "beta1"), suffix(1, "beta2"));
    const workers = new Set<string>();
    for (let n = 0; n < 10; n++) {
      const [policyid, upstream] = n % 2 === 0 ? [b, "beta2"] : [a, "beta1"];
      await cluster.done("runtime_set", { hostname: host, policyid });
      const answers = await Promise.all(Array.from({ length: 100 }, () => cluster.send(host, one)));
      expect(answers.filter(({ text }) => text !== `this is ${upstream} server\n`)).toEqual([]);
      for (const { headers } of answers) {
        workers.add(String(headers["x-worker"]));
      }
    }
    expect(workers.size).toBe(WORKERS);
  });

  test("what the predecessor writes is announced by Redis, and served", async () => {
    expect((await cluster.done("status")).data.store.direct_writes).toBe("announced");
    await directWritesAreServed(cluster);
  });

  test("what redis-cli writes is served, and can be changed by the admin interface afterwards", async () => {
    const host = cluster.newHost();
    const commands = [
      "SET ab:test:policies:40:divtype arg_city",
      "HSET ab:test:policies:40:divdata BJ beta4",
      `MSET ab:test:runtimeInfo:${host}:divsteps 1 ab:test:runtimeInfo:${host}:first:divModulename abtesting.diversion.arg_city ` +
        `ab:test:runtimeInfo:${host}:first:divDataKey ab:test:policies:40:divdata ` +
        `ab:test:runtimeInfo:${host}:first:userInfoModulename abtesting.userinfo.cityParser`,
    ];
    execFileSync("redis-cli", ["-s", cluster.redisSocket], { input: `${commands.join("\n")}\n` });
    await until("redis-cli's policy is served", async () => (await cluster.ask(host, { path: "/?city=BJ" })) === "beta4");
    expect((await cluster.done("runtime_get", { hostname: host })).data.runtimegroup.first.divDataKey).toBe("ab:test:policies:40:divdata");
    expect((await cluster.admin("policy_del", { policyid: 40 })).code).toBe(50202);
    await cluster.divert(host, suffix(1, "beta1"));
    expect(await cluster.ask(host, { path: "/?city=BJ" })).toBe("stable");
    expect(await cluster.ask(host, one)).toBe("beta1");
  });

  test("the predecessor's ids and ours do not collide", async () => {
    const { client } = cluster.redis;
    const next = Number(await client.get("ab:test:policies:idCount")) + 1;
    await client.set("ab:test:policies:idCount", `${next + 5}`);
    await client.set(`ab:test:policies:${next + 6}:divtype`, "url");
    const { data } = await cluster.done("policy_set", {}, suffix(1, "beta1"));
    expect(data.policyid).toBe(next + 7);
    expect(await client.get("ab:test:policies:idCount")).toBe(`${next + 7}`);
  });
});

describe("Redis over TCP, an ACL user, a database number and a prefix", () => {
  const login = { username: "gateway", password: "p w'\"\\#1", db: 3 };
  const cluster = useCluster({
    tcp: true,
    redisLogin: login,
    config: () => ({ redis: { username: login.username, password: login.password, database: login.db, prefix: "ab" } }),
  });

  test("changes are stored there, under the prefix, and served", async () => {
    const host = cluster.newHost();
    await cluster.divert(host, suffix(1, "beta1"));
    expect(await cluster.ask(host, one)).toBe("beta1");
    expect(await cluster.redis.client.get(`ab:runtimeInfo:${host}:divsteps`)).toBe("1");
    expect(await cluster.redis.client.keys("ab:test:*")).toEqual([]);
    await cluster.redis.client.hset("ab:policies:0:divdata", "1", "beta2");
    await servedEverywhere(cluster, host, "beta2");
  });
});

describe("a Redis user who may not CLIENT TRACKING", () => {
  const login = { username: "gateway", password: "secret", db: 0 };
  const cluster = useCluster({
    tcp: true,
    redisLogin: login,
    config: () => ({ redis: { username: login.username, password: login.password } }),
    beforeGateway: (redis) => redis.client.call("ACL", "SETUSER", "gateway", "-client"),
  });

  test("direct writes are looked for, and served all the same", async () => {
    expect((await cluster.done("status")).data.store.direct_writes).toBe("looked for every few seconds");
    await directWritesAreServed(cluster);
  });

  test("our own changes are visible at once", async () => {
    const host = cluster.newHost();
    for (const upstream of ["beta1", "beta2", "beta3"]) {
      await cluster.divert(host, suffix(1, upstream));
      const answers = await Promise.all(Array.from({ length: 50 }, () => cluster.ask(host, one)));
      expect(new Set(answers)).toEqual(new Set([upstream]));
    }
  });
});

describe("a password of the default user, by Redis's requirepass", () => {
  const cluster = useCluster({ tcp: true, redisLogin: { password: "only-a-password" }, config: () => ({ redis: { password: "only-a-password" } }) });

  test("changes are stored and served", async () => {
    const host = cluster.newHost();
    await cluster.divert(host, suffix(1, "beta1"));
    expect(await cluster.ask(host, one)).toBe("beta1");
  });
});
