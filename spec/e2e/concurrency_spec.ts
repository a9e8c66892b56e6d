import { expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";
import { keepaliveAgent } from "./support/http.ts";

const cluster = useCluster();

const suffix = (digit: number, upstream: string): object => ({ divtype: "uidsuffix", divdata: [{ suffix: digit, upstream }] });
const city = (name: string, upstream: string): object => ({ divtype: "arg_city", divdata: [{ city: name, upstream }] });

test("eight writers at once: every acknowledged change has a revision of its own, none is lost or torn", async () => {
  const writers = 8;
  const changes = 25;
  const revisions: number[] = [];
  const policies: number[] = [];
  const groups: { groupid: number; group: number[] }[] = [];
  const inForce = new Map<string, number>();

  async function write(writer: number): Promise<void> {
    const hostname = `writer${writer}.test`;
    for (let n = 0; n < changes; n++) {
      const upstream = `beta${(n % 4) + 1}`;
      let answer;
      if (n % 3 === 0) {
        answer = await cluster.done("policy_set", {}, { ...suffix(n % 10, upstream), name: `${writer}-${n}` });
        policies.push(answer.data.policyid as number);
      } else if (n % 3 === 1) {
        answer = await cluster.done("policygroup_set", {}, { 1: suffix(1, upstream), 2: suffix(2, upstream) });
        groups.push(answer.data as { groupid: number; group: number[] });
        policies.push(...(answer.data.group as number[]));
      } else {
        const policyid = policies.at(-1) ?? -1;
        answer = await cluster.done("runtime_set", { hostname, policyid });
        inForce.set(hostname, policyid);
      }
      revisions.push(Number(answer.headers["x-dygateway-revision"]));
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));

  const total = writers * changes;
  expect(revisions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
  const audit = await cluster.redis.client.xrange("ab:test:audit", "-", "+");
  expect(audit.map(([id]) => id)).toEqual(Array.from({ length: total }, (_, i) => `${i + 1}-0`));
  expect(await cluster.redis.client.get("ab:test:revision")).toBe(`${total}`);

  expect(policies.toSorted((a, b) => a - b)).toEqual(policies.map((_, id) => id));
  expect(await cluster.redis.client.get("ab:test:policies:idCount")).toBe(`${policies.length - 1}`);
  for (const { groupid, group } of groups) {
    expect(await cluster.redis.client.lrange(`ab:test:policygroups:${groupid}`, 0, -1)).toEqual(group.map(String));
    expect(group[1]).toBe((group[0] ?? 0) + 1);
  }
  for (const [hostname, policyid] of inForce) {
    const { data } = await cluster.done("runtime_get", { hostname });
    expect(data.runtimegroup.first.divDataKey).toBe(`ab:test:policies:${policyid}:divdata`);
  }
});

test("a name that eight writers want at once goes to one of them", async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => cluster.admin("policy_set", {}, { ...suffix(n, "beta1"), name: "wanted" })),
  );
  expect(answers.filter(({ code }) => code === 200)).toHaveLength(1);
  expect(answers.filter(({ code }) => code === 50201)).toHaveLength(7);
});

/**
 * Group A answers uid 1 at its first level and group B at its second, where A has a level that never matches: a node
 * that mixed the two could answer with the other's upstream, or with none.
 */
test("a runtime switched between two groups under traffic: no request is lost, none gets a mixed answer", async () => {
  const host = cluster.newHost();
  const set = async (...levels: object[]): Promise<number> =>
    (await cluster.done("policygroup_set", {}, { 1: levels[0], 2: levels[1] })).data.groupid as number;
  const a = { id: await set(suffix(1, "beta1"), city("nowhere", "beta3")), upstream: "beta1" };
  const b = { id: await set(city("nowhere", "beta4"), suffix(1, "beta2")), upstream: "beta2" };
  await cluster.done("runtime_set", { hostname: host, policygroupid: a.id });

  let current: string | undefined = a.upstream;
  let switches = 0;
  let stopped = false;
  let sent = 0;
  let failed = 0;
  const astray: string[] = [];

  async function browse(): Promise<void> {
    const agent = keepaliveAgent(1);
    while (!stopped) {
      const before = { current, switches };
      let answer = "";
      sent++;
      try {
        answer = await cluster.ask(host, { headers: { "X-Uid": "1" }, agent });
      } catch {
        failed++;
        continue;
      }
      const settled = before.current !== undefined && before.switches === switches;
      const expected = settled ? [before.current] : [a.upstream, b.upstream];
      if (!expected.includes(answer)) {
        astray.push(`${answer} instead of ${expected.join(" or ")}`);
      }
    }
    agent.destroy();
  }
  const browsers = Array.from({ length: 12 }, browse);
  for (let n = 0; n < 50; n++) {
    const next = n % 2 === 0 ? b : a;
    // From here to the answer, a request may be answered by either.
    current = undefined;
    switches++;
    await cluster.done("runtime_set", { hostname: host, policygroupid: next.id });
    current = next.upstream;
    const enough = sent + 40;
    while (sent < enough) {
      await new Promise(setImmediate);
    }
  }
  stopped = true;
  await Promise.all(browsers);
  console.log(`switched 50 times under traffic: sent ${sent}, failed ${failed}, astray ${astray.length}`);
  expect(sent).toBeGreaterThan(2000);
  expect(failed).toBe(0);
  expect(astray).toEqual([]);
});

test("nginx reloads under traffic: no request fails or goes astray", async () => {
  const host = cluster.newHost();
  await cluster.divert(host, suffix(1, "beta1"));
  let stopped = false;
  const answers = new Map<string, number>();
  async function browse(): Promise<void> {
    while (!stopped) {
      const answer = await cluster.ask(host, { headers: { "X-Uid": "1" } }).catch((error: unknown) => String(error));
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  }
  const browsers = Array.from({ length: 4 }, browse);
  for (let n = 0; n < 2; n++) {
    const before = await pids();
    cluster.gateway.reload();
    while ((await pids()).some((pid) => before.includes(pid))) {
      await new Promise(setImmediate);
    }
    await cluster.ready();
  }
  stopped = true;
  await Promise.all(browsers);
  expect([...answers.keys()]).toEqual(["beta1"]);
});

async function pids(): Promise<number[]> {
  const { data } = await cluster.done("status");
  return (data.workers as { pid: number; alive: boolean }[]).filter(({ alive }) => alive).map(({ pid }) => pid);
}
