import { readFileSync } from "node:fs";
import { join } from "node:path";
import { validateCluster, type Cluster, type ClusterDocument } from "../../../src/node/lvs/inventory/index.ts";
import { defaultLayout } from "../../../src/node/lvs/render/layout.ts";
import type { RenderOptions } from "../../../src/node/lvs/render/render_lb.ts";

export const golden = join(import.meta.dirname, "..", "..", "golden", "lvs");

export const goldenDocument = (dialect: string): ClusterDocument =>
  JSON.parse(readFileSync(join(golden, dialect, "cluster.json"), "utf8")) as ClusterDocument;

export function clusterOf(document: unknown): Cluster {
  const validation = validateCluster(document);
  if (!validation.ok) throw new Error(JSON.stringify(validation.problems, null, 2));
  return validation.cluster;
}

export const pinned = new Map([
  ["apps-extngtest0-bgp0.hy01", "10.0.30.1"],
  ["apps-extngtest1-bgp0.hy01", "10.0.30.2"],
  ["10.0.30.3", "10.0.30.3"],
  ["search-extngtest0-bgp0.hy01", "10.0.31.1"],
]);

export const renderOptions: RenderOptions = { layout: defaultLayout, ospfFiles: "frr", ospfKey: "golden-key", pinned };
