import type { Config } from "../../config/schema.ts";
import type { InventoryLimits } from "./change_cluster.ts";

/** What the configuration says of versions and of what one change may remove. */
export function inventoryLimits({ lvs }: Config): InventoryLimits {
  const { vips, lbs, real_servers: realServers } = lvs.most_removed;
  return { versions: lvs.versions, mostRemoved: { vips, lbs, realServers } };
}
