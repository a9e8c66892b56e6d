import { validateInventory, type ClusterDocument } from "../../src/node/lvs/inventory/index.ts";
import { readInventorySource } from "../../src/node/lvs/inventory/source.ts";
import { target, type Bench, type SectionReport } from "../report/section.ts";
import { table } from "../report/table.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { median } from "../statistics.ts";

const clusters = 200;
const vips = 50;
const realServers = 20;

const seconds = (value: number): string => `${value.toFixed(2)} s`;

/** How long the inventory's rules take, those between clusters too. */
export function measureLvs({ settings }: Bench): Promise<SectionReport> {
  const count = Math.min(clusters, Math.max(1, Math.round(clusters * settings.scale)));
  const documents = Array.from({ length: count }, (_, number) => cluster(number));
  const texts = documents.map((document) => JSON.stringify(document));
  const validation = timed(settings.rounds, () => {
    const refused = validateInventory(documents, ["apps"]).filter(({ ok }) => !ok);
    if (refused.length > 0) throw new BenchError(`${refused.length} clusters of the benchmark are refused`);
  });
  const reading = timed(settings.rounds, () => {
    for (const text of texts) if (!readInventorySource("cluster.json", text).ok) throw new BenchError("a cluster cannot be read");
  });
  say(`${count} clusters: validated in ${seconds(validation)}, read in ${seconds(reading)}`);
  const shape = `${count} clusters with ${vips} VIPs of ${realServers} real servers each`;
  return Promise.resolve({
    title: "The inventory of LVS clusters",
    method: `${shape}, two load balancers with 28 local addresses and two ports a VIP. The median of ${settings.rounds} runs, in one process.`,
    tables: [table(["", "seconds"], [["every rule, those between clusters too", validation.toFixed(3)], ["reading the texts", reading.toFixed(3)]])],
    targets: [target("200 clusters × 50 VIPs × 20 real servers validated within 2 s", validation, 2, seconds)],
  });
}

function timed(rounds: number, work: () => void): number {
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now();
    work();
    return (performance.now() - started) / 1000;
  });
  return median(times);
}

/** Clusters that share nothing; of 256 and more the addresses would end. */
function cluster(number: number): ClusterDocument {
  return {
    name: `cluster${number}`,
    type: "extra",
    device: "em1",
    vipnets: [`100.${number}.0.0/24`],
    lbinfos: [1, 2].map((lb) => ({
      hostname: `lb${lb}.hy${number}`,
      routerid: `60.${number}.${lb}.2`,
      internalip: `10.${number}.${lb}.2`,
      internalnetmask: "255.255.255.224",
      internalgateway: `10.${number}.${lb}.1`,
      extraip: `60.${number}.${lb}.2`,
      extranetmask: "255.255.255.252",
      extragateway: `60.${number}.${lb}.1`,
      ospfnet: `60.${number}.${lb}.0/30`,
    })),
    vip2ws: Array.from({ length: vips }, (_, vip) => ({
      vip: `100.${number}.0.${vip}`,
      wstype: "apps",
      wss: Array.from({ length: realServers }, (__, server) => `nginx${server}.vip${vip}.hy${number}`),
      ports: [80, 443].map((port) => ({ sport: port, dport: port, synproxy: 1 as const, persistence_timeout: 50 })),
    })),
  };
}
