import { validateInventory } from "../../src/node/lvs/inventory/index.ts";
import { readInventorySource } from "../../src/node/lvs/inventory/source.ts";
import { clusterDocument, localAddresses, realServers, vips } from "../lvs_cluster.ts";
import { target, type Bench, type SectionReport } from "../report/section.ts";
import { seconds, table } from "../report/table.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { timed } from "../timed.ts";
import { measureSync } from "./lvs_sync.ts";

const clusters = 200;

/** How long the inventory's rules take, those between clusters too, and what a sync needs of one cluster. */
export async function measureLvs(bench: Bench): Promise<SectionReport> {
  const { settings } = bench;
  const count = Math.min(clusters, Math.max(1, Math.round(clusters * settings.scale)));
  const documents = Array.from({ length: count }, (_, number) => clusterDocument(number, [1, 2].map((lb) => `lb${lb}.hy${number}`)));
  const texts = documents.map((document) => JSON.stringify(document));
  const validation = await timed(settings.rounds, () => {
    const refused = validateInventory(documents, ["apps"]).filter(({ ok }) => !ok);
    if (refused.length > 0) throw new BenchError(`${refused.length} clusters of the benchmark are refused`);
  });
  const reading = await timed(settings.rounds, () => {
    for (const text of texts) if (!readInventorySource("cluster.json", text).ok) throw new BenchError("a cluster cannot be read");
  });
  say(`${count} clusters: validated in ${seconds(validation)}, read in ${seconds(reading)}`);
  const sync = await measureSync(bench);
  const shape = `${count} clusters with ${vips} VIPs of ${realServers} real servers each`;
  const rules = `${shape}, two load balancers with ${localAddresses} local addresses and two ports a VIP. The median of ${settings.rounds} runs, in one process.`;
  return {
    title: "The inventory of LVS clusters, and their load balancers",
    method: `${rules} ${sync.method}`,
    tables: [
      table(["inventory", "seconds"], [["every rule, those between clusters too", validation.toFixed(3)], ["reading the texts", reading.toFixed(3)]]),
      ...sync.tables,
    ],
    targets: [target("200 clusters × 50 VIPs × 20 real servers validated within 2 s", validation, 2, seconds), ...sync.targets],
  };
}
