import { test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { workersOf } from "./faults.ts";
import { until } from "../support/until.ts";
const cluster = useCluster();
test("leak", async () => {
  const policy = (k: number) => ({ divtype: "uidappoint", divdata: [{ uidset: Array.from({ length: 300_000 }, (_, n) => 100_000_000 * k + n * 7), upstream: "beta1" }] });
  const ids: number[] = [];
  for (const k of [1, 2]) ids.push((await cluster.done("policy_set", {}, policy(k))).data.policyid as number);
  const t = performance.now();
  await cluster.done("runtime_set", { hostname: "a.test", policyid: ids[0]! });
  const load = performance.now() - t;
  console.log("load", load);
  for (let n = 0; n < 30; n++) {
    const p = cluster.admin("runtime_set", { hostname: "a.test", policyid: ids[(n + 1) % 2]! }).catch(() => undefined);
    await new Promise((r) => setTimeout(r, load * 0.5));
    const leader = (await workersOf(cluster)).find((w) => w.leader && w.alive);
    process.kill(leader!.pid, "SIGKILL");
    await p;
    await until("whole", async () => { const w = await workersOf(cluster); return w.every((x) => x.alive) && w.some((x) => x.leader); }, 15000);
    const { data } = await cluster.done("status");
    if (data.broken_levels > 0) { console.log("BROKEN after", n, JSON.stringify(data.broken)); break; }
    if (n === 29) console.log("no problem after 30");
  }
}, 200000);
