import { afterAll, expect, test } from "vitest";
import { adminPath, askAdmin } from "../support/admin_client.ts";
import { useCluster } from "../support/cluster.ts";
import { startSecondGateway, type SecondGateway } from "../support/second_gateway.ts";
import { numberFrom } from "../support/seeded_dice.ts";
import { until } from "../support/until.ts";
import { upToDate, type NodeStatus } from "../support/up_to_date.ts";
import { byNetwork, byRange, bySuffix } from "./users.ts";
import { storeGroup, Witness, witnessed } from "./witness.ts";

const SWITCHES = numberFrom("SWITCHES", 200);

/** The same by two nodes. */
const SHARED_SWITCHES = 50;
/** Generous: announcements come at once, and the revision is looked at once a second. */
const MOST_LAG_MS = 2000;

const cluster = useCluster();
let second: SecondGateway | undefined;
afterAll(() => second?.stop());

/**
 * The same three kinds of level, in another order: a worker that had some levels of one group and some of the other
 * would have one kind twice and one not at all, and send some users to neither group's upstream. That it never goes
 * back to the old group after an answer of the new one is the witness' own check.
 */
const groupA = [bySuffix("beta1"), byRange("beta1"), byNetwork("beta1")];
const groupB = [byRange("beta2"), byNetwork("beta2"), bySuffix("beta2")];

test(`two groups exchanged ${SWITCHES} times under load: never a mix of their levels`, async () => {
  await witnessed(cluster, `groups exchanged ${SWITCHES} times`, groupA, async (witness, host) => {
    const ids = [await storeGroup(cluster, groupB), await storeGroup(cluster, groupA)];
    for (let n = 0; n < SWITCHES; n++) {
      const levels = n % 2 === 0 ? groupB : groupA;
      await witness.change(levels, () => cluster.done("runtime_set", { hostname: host, policygroupid: ids[n % 2] ?? -1 }));
      await witness.more(16);
    }
    expect(witness.sent).toBeGreaterThan(SWITCHES * 16);
  });
}, 120_000);

/** Of a node: whether each of its workers has a change. */
async function hasFollowed(adminPort: number, revision: number): Promise<boolean> {
  const { data } = await askAdmin(adminPort, { path: adminPath("status") });
  const { workers } = data as NodeStatus;
  return data.revision === revision && upToDate(data as NodeStatus).length === workers.length;
}

test(`exchanged ${SHARED_SWITCHES} times by two nodes in turn: both follow, neither mixes levels`, async () => {
  const upstreams = Object.fromEntries(Object.entries(cluster.backends.ports).map(([name, port]) => [name, { servers: [`127.0.0.1:${port}`] }]));
  const other = await startSecondGateway(cluster, { config: { upstreams } });
  second = other;
  await witnessed(cluster, `groups exchanged by two nodes, seen by one`, groupA, async (witness, host) => {
    const adminPorts = [cluster.adminPort, other.adminPort] as const;
    await until("the other node has it", async () => hasFollowed(other.adminPort, (await cluster.done("status")).data.revision as number));
    const ids = [await storeGroup(cluster, groupB), await storeGroup(cluster, groupA)];
    const otherWitness = new Witness(cluster, host, groupA, { port: other.port });
    otherWitness.start();
    const lags: number[] = [];
    try {
      for (let n = 0; n < SHARED_SWITCHES; n++) {
        const levels = n % 2 === 0 ? groupB : groupA;
        const [maker, follower] = n % 4 < 2 ? adminPorts : [adminPorts[1], adminPorts[0]];
        witness.begin(levels);
        otherWitness.begin(levels);
        const answer = await askAdmin(maker, { path: adminPath("runtime_set", { hostname: host, policygroupid: ids[n % 2] ?? -1 }) });
        expect(answer.code).toBe(200);
        const answered = performance.now();
        (maker === cluster.adminPort ? witness : otherWitness).settle();
        const revision = Number(answer.headers["x-dygateway-revision"]);
        await until("the other node has followed", () => hasFollowed(follower, revision), MOST_LAG_MS);
        lags.push(performance.now() - answered);
        witness.settle();
        otherWitness.settle();
        await Promise.all([witness.more(16), otherWitness.more(16)]);
      }
    } finally {
      await otherWitness.stop();
      otherWitness.report("groups exchanged by two nodes, seen by the other");
    }
    otherWitness.expectNothingWrong({});
    console.info(`the other node has followed ${Math.max(...lags).toFixed(0)} ms after the answer, at most`);
  });
}, 120_000);
