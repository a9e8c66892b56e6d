import { expect, test } from "vitest";
import { backendNames } from "../support/backends.ts";
import { useCluster, WORKERS } from "../support/cluster.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { keepaliveAgent, type HttpRequest } from "../support/http.ts";
import { numberFrom, seededDice } from "../support/seeded_dice.ts";
import { until } from "../support/until.ts";
import { corrupt } from "./corruption.ts";

const ROUNDS = numberFrom("STORE_FUZZ_ROUNDS", 150);
const PREFIX = "ab:test:";

const dice = seededDice("STORE_FUZZ_SEED");
const cluster = useCluster();

/** One level each that a request with X-Uid 11 from 10.0.0.1 meets, of different types and places in Redis. */
const levels: readonly object[] = [
  { divtype: "uidsuffix", name: "digit", divdata: [{ suffix: 1, upstream: "beta1" }, { suffix: "22", upstream: "beta2" }] },
  { divtype: "uidrange", divdata: [{ range: { start: 11, end: 19 }, upstream: "beta1" }, { range: { start: 30, end: 40 }, upstream: "beta2" }] },
  { divtype: "uidappoint", divdata: [{ uidset: ["11", "12"], upstream: "beta1" }] },
  { divtype: "iprange", divdata: [{ range: "10.0.0.0/8", upstream: "beta1" }, { range: "2001:db8::/32", upstream: "beta2" }] },
  { divtype: "header", divdata: [{ name: "X-Uid", value: "11", upstream: "beta1" }] },
  { divtype: "percent", salt: "s", divdata: [{ percent: 100, upstream: "beta1" }] },
];
const met: HttpRequest = { headers: { "X-Uid": "11", "X-Real-IP": "10.0.0.1" } };
const unmet: HttpRequest = { headers: { "X-Real-IP": "8.8.8.8" } };

interface Site {
  readonly host: string;
  readonly level: object;
  /** What its keys in Redis start with. */
  readonly keys: readonly string[];
}

const named = (level: object): object => ("name" in level ? { ...level, name: `digit ${dice.below(1e9)}` } : level);

/** Puts a host's policies in force, the level that is met first in a random place. */
async function establish(host: string, level: object): Promise<Site> {
  const never = { divtype: "url", divdata: [{ url: "/never", upstream: "beta3" }] };
  const { data } = await cluster.done("policygroup_set", {}, { "1": never, "2": named(level), name: `group of ${host} ${dice.below(1e9)}` });
  await cluster.done("runtime_set", { hostname: host, policygroupid: data.groupid as number });
  const ids = data.group as number[];
  return {
    host,
    level,
    keys: [`${PREFIX}runtimeInfo:${host}:`, `${PREFIX}policygroups:${data.groupid}`, ...ids.map((id) => `${PREFIX}policies:${id}:`)],
  };
}

test(`${ROUNDS} keys corrupted, one after the other: other hosts are served as before, and a good runtime_set heals`, { timeout: 600_000 }, async () => {
  const { client } = cluster.redis;
  const agent = keepaliveAgent(WORKERS * 2);
  // One after the other: their ids belong to what a seed repeats.
  const sites: Site[] = [];
  for (const [i, level] of levels.entries()) {
    sites.push(await establish(`site${i}.test`, level));
  }
  const pids = await workerPids(cluster);
  const types = new Map<string, number>();
  const outcomes = new Map<number, number>();

  async function expectServed(spared: Site | undefined, because: string): Promise<void> {
    for (const site of sites) {
      if (site !== spared) {
        const answers = [await cluster.ask(site.host, { ...met, agent }), await cluster.ask(site.host, { ...unmet, agent })];
        const wanted = ["beta1", "stable"];
        expect(answers, `${site.host} ${because}`).toEqual(wanted);
      }
    }
    if (spared !== undefined) {
      await expectAnswered(spared, because);
    }
  }

  /** What was broken may go anywhere that its data says: also to an upstream that is not there, and then nginx has no answer. */
  async function expectAnswered(broken: Site, because: string): Promise<void> {
    const { status, text } = await cluster.send(broken.host, { ...met, agent });
    const backend = /^this is (\w+) server\n$/.exec(text)?.[1] ?? "";
    const where = status === 200 ? backend : (await cluster.done("explain", { hostname: broken.host, uid: 11, ip: "10.0.0.1" })).data.upstream;
    const isKnown = backendNames.some((name) => name === where);
    expect([status, isKnown], `${broken.host}, sent to ${where}, ${because}`).toEqual(status === 200 ? [200, true] : [502, false]);
    expect(typeof where, because).toBe("string");
    outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
  }

  /** As an operator would: with the key restored where it is everybody's, the loss accepted where the node asks for that. */
  async function heal(broken: Site | undefined, because: string): Promise<void> {
    await until(`the node takes changes again ${because}`, async () => {
      const { data } = await cluster.done("status");
      if (data.store.lost === true) {
        await cluster.admin("store_accept");
      }
      return data.store.lost === false && data.store.reachable === true && data.store.problem === "";
    }, 15_000);
    if (broken !== undefined) {
      sites[sites.indexOf(broken)] = await establish(broken.host, broken.level);
    }
  }

  for (let round = 1; round <= ROUNDS; round++) {
    const keys = (await client.keys(`${PREFIX}*`)).sort();
    const everybodys = [`${PREFIX}revision`, `${PREFIX}audit`, `${PREFIX}policies:idCount`, `${PREFIX}policygroups:idCount`, `${PREFIX}policies:names`];
    const key = dice.pick(dice.chance(25) ? everybodys : keys);
    const broken = sites.find((site) => site.keys.some((head) => key === head || key.startsWith(head)));
    const kept = await client.dumpBuffer(key);
    const type = await corrupt(dice, client, key);
    types.set(type, (types.get(type) ?? 0) + 1);
    const because = `after round ${round} of STORE_FUZZ_SEED=${dice.seed} broke ${key} (${type}, now ${await client.type(key)})`;
    await expectServed(broken, because);
    // The node follows direct writes within a few hundredths of a second; here it is only given the time to stumble.
    await new Promise((resolve) => setTimeout(resolve, 60));
    await expectServed(broken, because);
    if (broken === undefined) {
      await client.del(key);
      await client.restore(key, 0, kept);
    }
    await heal(broken, because);
    await expectServed(undefined, `${because} and was healed`);
  }

  // What chance brings seldom: a sound policy that sends to nowhere.
  const [astray] = sites as [Site];
  await client.hset(`${astray.keys.at(-1) ?? ""}divdata`, "1", "nowhere");
  await until("it is followed", async () => (await cluster.send(astray.host, { ...met, agent })).status === 502);
  await expectServed(astray, "while one policy sends to nowhere");
  expect(outcomes.get(502)).toBeGreaterThan(0);
  agent.destroy();
  console.info(`of the broken host: ${[...outcomes].map(([status, count]) => `${count} times ${status}`).join(", ")}`);
  console.info([...types].map(([type, count]) => `${type}: ${count}`).join(", "));
  expect(await workerPids(cluster)).toEqual(pids);
  expectNoFaults(cluster, `STORE_FUZZ_SEED=${dice.seed}`);
});
