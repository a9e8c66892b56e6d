import { expect, test } from "vitest";
import { storeIs, writeLevels } from "../promises/faults.ts";
import { useProxiedRedis } from "../promises/proxied_redis.ts";
import { bySuffix, otherLevels, threeLevels } from "../promises/users.ts";
import { putInForce, witnessed } from "../promises/witness.ts";
import { WORKERS } from "../support/cluster.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { numberFrom, seededDice } from "../support/seeded_dice.ts";
import { until } from "../support/until.ts";

const CHANGES = numberFrom("ANSWER_FUZZ_CHANGES", 80);

const ROUNDS = 2;

/** The library that listens raises on such answers. That is caught and said, in the library's words. */
const caught = ["listening to Redis broke off and begins again: "];

const dice = seededDice("ANSWER_FUZZ_SEED");
const { cluster, proxy } = useProxiedRedis();

/** What may stand in the place of a length, a count or a number, and is none. */
const numbers = ["", "-2", "-999", "1e9", "0x10", "nan", "inf", "1.5", "+1", " 1", "one", "\u0000", "99999999999", "9999999999999999999999", "9".repeat(70_000)];
const types = ["", "%", "_", "#", "\u0000", "HTTP/1.1 200 OK ", "x".repeat(70_000)];

/** An answer in which one of the lines that say what follows says something else. */
function damaged(answer: Buffer): Buffer {
  const text = answer.toString("latin1");
  const lines = [...text.matchAll(/(?<=^|\r\n)[$*:]-?\d+(?=\r\n)|(?<=^|\r\n)[+-](?=[^\r]*\r\n)/g)];
  const line = lines[dice.below(lines.length)];
  if (line === undefined) {
    return answer;
  }
  const changed = line[0].length > 1 && dice.chance(70) ? line[0].slice(0, 1) + dice.pick(numbers) : dice.pick(types) + line[0].slice(1);
  return Buffer.from(text.slice(0, line.index) + changed + text.slice(line.index + line[0].length), "latin1");
}

test(`${CHANGES} answers of Redis with lengths, counts, numbers and types that cannot be: it counts as away, and requests go on`, async () => {
  await witnessed(cluster, "every answer of Redis is damaged", threeLevels, async (witness, host) => {
    const pids = await workerPids(cluster);
    let changes = 0;
    proxy().change = (answer) => {
      changes++;
      return damaged(answer);
    };
    const refusals = new Set<string>();
    await until("enough answers were damaged", async () => {
      const { code, desc } = await cluster.admin("policy_set", {}, bySuffix("beta4").policy);
      refusals.add(desc);
      // Without a transaction that Redis has understood there is nothing that anybody could not know.
      expect([code, desc]).toEqual([50301, expect.stringMatching(/Redis.*nothing was changed/)]);
      return changes >= CHANGES;
    }, 30_000);
    console.info([...refusals].join("\n"));
    const { data } = await cluster.done("status");
    expect([data.store.reachable, data.broken_levels]).toEqual([false, 0]);
    await witness.more(200);

    proxy().change = undefined;
    await storeIs(cluster, true);
    await putInForce(witness, cluster, host, otherLevels);
    expect(await workerPids(cluster)).toEqual(pids);
    expectNoFaults(cluster, `ANSWER_FUZZ_SEED=${dice.seed}`, caught);
  });
});

test("every fifth answer: changes are still followed, whole", async () => {
  await witnessed(cluster, "some answers of Redis are damaged", threeLevels, async (witness, host) => {
    const others = await cluster.divert(cluster.newHost(), ...otherLevels.map(({ policy }) => policy));
    const own = await cluster.divert(cluster.newHost(), ...threeLevels.map(({ policy }) => policy));
    proxy().change = (answer) => (dice.chance(20) ? damaged(answer) : answer);
    for (let n = 0; n < ROUNDS; n++) {
      const [levels, policies, upstream] = n % 2 === 0 ? [otherLevels, others, "beta2"] : [threeLevels, own, "beta1"];
      witness.begin(levels);
      // Written past the proxy, level by level: what the node must then find out.
      await writeLevels(cluster, host, policies);
      await until("every worker has it", async () => {
        const answers = await Promise.all(Array.from({ length: 4 * WORKERS }, () => cluster.ask(host, { headers: { "X-Uid": "7000001" } })));
        return answers.every((answer) => answer === upstream);
      }, 30_000);
    }
    proxy().change = undefined;
    await storeIs(cluster, true);
    expect((await cluster.done("status")).data.broken_levels).toBe(0);
    witness.settle();
    expectNoFaults(cluster, `ANSWER_FUZZ_SEED=${dice.seed}`, caught);
  });
});
