import type { ClusterDocument } from "../inventory/schema.ts";
import type { Difference } from "./difference.ts";

/** What one change may remove without being told that this is meant. */
export interface RemovalLimits {
  readonly vips: number;
  readonly lbs: number;
  readonly realServers: number;
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/**
 * Is a change one that must be meant? It is where it leaves no VIP or no load balancer where there were some, or
 * removes more than the limits say.
 *
 * @returns what it does, as `removes 7 VIPs (more than 5)`; undefined where nothing needs to be said.
 */
export function removalWords(
  before: ClusterDocument | undefined,
  after: ClusterDocument | undefined,
  difference: Difference,
  limits: RemovalLimits,
): string | undefined {
  if (before === undefined) return undefined;
  const { vips, lbs, realServers } = difference;
  const words: string[] = [];
  const emptied = [
    ...(before.vip2ws.length > 0 && (after?.vip2ws.length ?? 0) === 0 ? ["VIP"] : []),
    ...(before.lbinfos.length > 0 && (after?.lbinfos.length ?? 0) === 0 ? ["load balancer"] : []),
  ];
  if (emptied.length > 0) words.push(`leaves no ${emptied.join(" and no ")}`);
  const kinds = [
    [vips.went.length, limits.vips, "VIP", "VIPs"],
    [lbs.went.length, limits.lbs, "load balancer", "load balancers"],
    [realServers.went.length, limits.realServers, "real server", "real servers"],
  ] as const;
  for (const [count, most, one, many] of kinds) {
    if (count > most) words.push(`removes ${counted(count, one, many)} (more than ${most})`);
  }
  return words.length === 0 ? undefined : words.join(" and ");
}
