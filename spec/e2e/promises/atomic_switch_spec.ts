import { expect, test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { numberFrom } from "../support/seeded_dice.ts";
import { byNetwork, byRange, bySuffix } from "./users.ts";
import { storeGroup, witnessed } from "./witness.ts";

const SWITCHES = numberFrom("SWITCHES", 200);

const cluster = useCluster();

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
