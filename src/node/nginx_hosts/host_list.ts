import type { Serving } from "./render_host.ts";
import type { HostPlace } from "./tree/model.ts";

/** An nginx machine as other systems ask for it. */
export interface ListedHost {
  readonly hostname: string;
  /** From the tree; null where the machine is not in it. */
  readonly product: string | null;
  readonly type: string | null;
  readonly idc: string | null;
  /** From the clusters: the VIPs it stands behind; empty where it is behind none. */
  readonly serves: readonly Serving[];
}

export interface HostFilter {
  readonly wstype?: string | undefined;
  readonly cluster?: string | undefined;
  readonly vip?: string | undefined;
  readonly product?: string | undefined;
  readonly type?: string | undefined;
  readonly idc?: string | undefined;
}

/** Hostname (in small letters) to the VIPs it is a real server of. */
export type Servings = ReadonlyMap<string, readonly Serving[]>;

/** All machines that a cluster or the tree knows, by hostname, which match everything the filter asks. */
export function listHosts(places: readonly HostPlace[], servings: Servings, filter: HostFilter): ListedHost[] {
  const byName = new Map(places.map((place) => [place.hostname, place]));
  const names = [...new Set([...byName.keys(), ...servings.keys()])].sort();
  return names.flatMap((hostname) => {
    const place = byName.get(hostname);
    const serves = servings.get(hostname) ?? [];
    const host = { hostname, product: place?.product ?? null, type: place?.type ?? null, idc: place?.idc ?? null, serves };
    return matches(host, filter) ? [host] : [];
  });
}

/** wstype, cluster and vip have to be true of one and the same VIP. */
function matches(host: ListedHost, { wstype, cluster, vip, product, type, idc }: HostFilter): boolean {
  const is = (wanted: string | undefined, value: string | null): boolean => wanted === undefined || wanted === value;
  const ofVip = [wstype, cluster, vip].some((wanted) => wanted !== undefined);
  const serves = host.serves.some(
    (serving) => is(wstype, serving.wstype) && is(cluster, serving.cluster) && is(vip, serving.vip),
  );
  return is(product, host.product) && is(type, host.type) && is(idc, host.idc) && (serves || !ofVip);
}
