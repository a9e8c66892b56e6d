import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { workersOf } from "./faults.ts";
import { byRange, user, type Level } from "./users.ts";
import { storeGroup, witnessed } from "./witness.ts";

const KILLS = 8;
const UIDS = 100_000;
/** Room for the policy in force, for the one that takes its place, and for a few that were left half loaded. */
const SHARED_DICT = "16m";

const cluster = useCluster({ config: () => ({ workers: { shared_dict: SHARED_DICT } }) });

/** Many uids that nobody has, and those of every third user. */
function manyUids(first: number, upstream: "beta1" | "beta2"): Level {
  const users = new Set(Array.from({ length: 20_000 }, (_, n) => user(n * 3).uid));
  const others = Array.from({ length: UIDS }, (_, n) => first + n * 7);
  return {
    policy: { divtype: "uidappoint", divdata: [{ uidset: [...users, ...others], upstream }] },
    match: ({ uid }) => (users.has(uid) ? upstream : undefined),
  };
}

test(`the leader is killed ${KILLS} times while it loads a large policy: what it has left does not fill the memory`, async () => {
  const one = [manyUids(1_000_000_000, "beta1"), byRange("beta3")];
  const two = [manyUids(2_000_000_000, "beta2"), byRange("beta4")];
  await witnessed(cluster, `leader kill -9 in the middle of a load, ${KILLS} times`, one, async (witness, host) => {
    const ids = [await storeGroup(cluster, two), await storeGroup(cluster, one)];
    let loadMs = 0;
    // The first time it is not killed: that says how long a load takes.
    for (let n = 0; n <= KILLS; n++) {
      const begun = performance.now();
      witness.begin(n % 2 === 0 ? two : one);
      // The worker that is killed may be the one that was to answer.
      const answered = cluster.admin("runtime_set", { hostname: host, policygroupid: ids[n % 2] ?? -1 }).catch(() => undefined);
      if (n > 0) {
        await pause(loadMs / 2);
        process.kill((await workersOf(cluster)).find(({ leader, alive }) => leader && alive)?.pid ?? -1, "SIGKILL");
      }
      await answered;
      await until("others are there, and have it", async () => {
        const { data } = await cluster.done("status");
        const workers = data.workers as { alive: boolean; leader: boolean; revision: number }[];
        const isWhole = workers.every(({ alive, revision }) => alive && revision === data.store.revision);
        return isWhole && workers.some(({ leader }) => leader);
      }, 15_000);
      witness.settle();
      if (n === 0) {
        loadMs = performance.now() - begun;
      }
      expect((await cluster.done("status")).data.broken).toEqual([]);
      await witness.more(50);
    }
  }, { kills: KILLS });
}, 120_000);
