import { describe, expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";

/** Uids that look like uids: 11 digits, none twice. */
const uids = (count: number): number[] => Array.from({ length: count }, (_, i) => 10_000_000_000 + i * 7);
const policyOf = (count: number): string =>
  JSON.stringify({ divtype: "uidappoint", divdata: [{ uidset: uids(count), upstream: "beta1" }] });

describe("bodies", () => {
  const cluster = useCluster({ config: ({ adminPort }) => ({ admin: { listen: `127.0.0.1:${adminPort}`, max_body: "4m" } }) });

  async function servesAll(host: string, count: number): Promise<void> {
    const all = uids(count);
    for (const uid of [all[0], all[Math.floor(count / 2)], all[count - 1]]) {
      expect(await cluster.ask(host, { headers: { "X-Uid": `${uid}` } })).toBe("beta1");
    }
    expect(await cluster.ask(host, { headers: { "X-Uid": "10000000001" } })).toBe("stable");
  }

  test.each([
    ["in memory", 100, false],
    ["in memory, in chunks", 100, true],
    ["spooled to a file", 200_000, false],
    ["spooled to a file, in chunks", 150_000, true],
  ])("%s", async (_where, count, chunked) => {
    const body = policyOf(count);
    const host = cluster.newHost();
    const { code, data } = await cluster.admin("policy_set", {}, undefined, { method: "POST", body, chunked });
    expect(code).toBe(200);
    const policyid = data.policyid as number;
    expect(await cluster.redis.client.hlen(`ab:test:policies:${policyid}:divdata`)).toBe(count);
    expect(await cluster.redis.client.ttl(`ab:test:policies:${policyid}:divdata`)).toBe(-1);
    expect(await cluster.redis.client.keys("ab:test:staging:*")).toEqual([]);
    const { data: read } = await cluster.done("policy_get", { policyid });
    const stored = (read.divdata as string[]).filter((_, i) => i % 2 === 0).map(Number);
    expect(stored.toSorted((a, b) => a - b)).toEqual(uids(count));
    await cluster.done("runtime_set", { hostname: host, policyid });
    await servesAll(host, count);
  });

  test("over the limit: refused, and nothing is stored", async () => {
    const body = policyOf(400_000);
    expect(body.length).toBeGreaterThan(4 * 1024 * 1024);
    const before = await cluster.redis.client.dbsize();
    for (const chunked of [false, true]) {
      const answer = await cluster.admin("policy_set", {}, undefined, { method: "POST", body, chunked });
      expect(answer.code).toBe(50102);
      expect(answer.desc).toMatch(/larger than .*admin\.max_body/);
    }
    expect(await cluster.redis.client.dbsize()).toBe(before);
    expect((await cluster.admin("status")).code).toBe(200);
  });

  test("broken ones that were spooled to a file are refused with the place", async () => {
    const whole = policyOf(150_000);
    const cut = await cluster.admin("policy_set", {}, undefined, { method: "POST", body: whole.slice(0, -3) });
    expect(cut.code).toBe(50102);
    const late = whole.replace(/,(\d+)\],"upstream"/, ',-1],"upstream"');
    const wrong = await cluster.admin("policy_set", {}, undefined, { method: "POST", body: late });
    expect(wrong.code).toBe(50201);
    expect(wrong.desc).toContain("uid 150000 of uidset");
  });

  test("text is taken as UTF-8 and given back as it was", async () => {
    const city = '上海"\\\u2028\u{1f600}/';
    const { data } = await cluster.done("policy_set", {}, { divtype: "url", name: city, divdata: [{ url: `/${city}`, upstream: "beta1" }] });
    const read = await cluster.done("policy_get", { policyid: data.policyid as number });
    expect(read.data).toEqual({ divtype: "url", divdata: [`/${city}`, "beta1"], name: city });
    const host = cluster.newHost();
    await cluster.done("runtime_set", { hostname: host, policyname: city });
    expect(await cluster.ask(host, { path: `/${encodeURIComponent(city)}`.replace("%2F", "/") })).toBe("beta1");
  });
});
