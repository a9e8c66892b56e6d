import { expect, test } from "vitest";
import { WORKERS } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "../upstreams/upstream_cluster.ts";
import { hasCaughtUp, oneWorker, whileFrozen } from "./faults.ts";
import { otherLevels, threeLevels } from "./users.ts";
import { storeGroup, witnessed } from "./witness.ts";

/** What a step has changed is on record for 10 s (gateway/shared_state.ts); later, a worker reads everything. */
const LONGER_THAN_STEPS_MS = 11_000;

const upstreams = useUpstreamCluster();
const { cluster } = upstreams;

test("a worker that was stopped for longer than changes are on record has all of them as soon as it goes on", async () => {
  await witnessed(cluster, "a worker stopped for 11 s", threeLevels, async (witness, host) => {
    const [one, two] = await upstreams.servers(2);
    const [kept, removed] = [await upstreams.set(`server ${one.address};`), await upstreams.set(`server ${one.address};`)];
    const policygroupid = await storeGroup(cluster, otherLevels);
    const victim = await oneWorker(cluster, false);
    await witness.avoid(victim.pid);
    await whileFrozen(victim.pid, async () => {
      await witness.change(otherLevels, () => cluster.done("runtime_set", { hostname: host, policygroupid }), WORKERS - 1);
      await upstreams.set(`server ${two.address};`, kept);
      await upstreams.done("remove_upstream", { upstream: removed });
      const since = performance.now();
      await until("nothing of it is on record any more", () => performance.now() - since > LONGER_THAN_STEPS_MS, 2 * LONGER_THAN_STEPS_MS);
    });
    await hasCaughtUp(cluster, victim.pid);
    expect((await oneWorker(cluster, true)).pid).not.toBe(victim.pid);
    await witness.avoid(undefined);
    await witness.more(400);
    await upstreams.everyWorkerAnswers(kept, "s2");
    await upstreams.everyWorkerAnswers(removed, "502");
  });
});
