import type { ConfigPath } from "../../config/problem.ts";
import { localAddresses } from "./local_addresses.ts";
import { lbKindOf } from "./defaults.ts";
import type { ClusterDraft, LbDraft } from "./draft.ts";
import { addressNumber, addressText, contains, networkText, overlap, parseNetwork, type Network } from "./ipv4.ts";
import { ownerText, type InventoryProblem, type Owner } from "./problem.ts";
import * as problems from "./problems.ts";

interface ClaimedNetwork extends Owner {
  readonly network: Network;
}

type Use = "own" | "gateway" | "local";

interface ClaimedAddress extends Owner {
  readonly use: Use;
}

/** What clusters have taken and no other place, in the same cluster or another, may take again. */
export interface Claims {
  readonly vips: Map<string, Owner>;
  readonly routerids: Map<string, Owner>;
  readonly hostnames: Map<string, Owner>;
  /** Of load balancers and their gateways. */
  readonly addresses: Map<number, ClaimedAddress>;
  readonly vipnets: ClaimedNetwork[];
}

export const noClaims = (): Claims => ({
  vips: new Map(),
  routerids: new Map(),
  hostnames: new Map(),
  addresses: new Map(),
  vipnets: [],
});

/**
 * Adds what a cluster takes. Returns what was taken already, by itself or by the clusters that were added before it;
 * who was first keeps it.
 */
export function claim(claims: Claims, draft: ClusterDraft, cluster: string): InventoryProblem[] {
  const lbs = (draft.lbinfos ?? []).flatMap((lb, index) =>
    lb === undefined ? [] : claimLb(claims, lb, { cluster, path: ["lbinfos", index] }, lbKindOf(draft) === "FNAT"),
  );
  const vipnets = (draft.vipnets ?? []).flatMap((text, index) =>
    text === undefined ? [] : claimVipnet(claims, parseNetwork(text), { cluster, path: ["vipnets", index] }),
  );
  const vips = (draft.vip2ws ?? []).flatMap((vip, index) =>
    vip?.vip === undefined ? [] : claimName(claims.vips, vip.vip, { cluster, path: ["vip2ws", index, "vip"] }, problems.vipTaken),
  );
  return [...lbs, ...vipnets, ...vips];
}

type Taken = (path: ConfigPath, name: string, owner: string) => InventoryProblem;

function claimName(names: Map<string, Owner>, name: string, owner: Owner, taken: Taken): InventoryProblem[] {
  const key = name.toLowerCase();
  const first = names.get(key);
  if (first !== undefined) return [taken(owner.path, name, ownerText(first, owner.cluster))];
  names.set(key, owner);
  return [];
}

function claimLb(claims: Claims, lb: LbDraft, place: Owner, usesLocal: boolean): InventoryProblem[] {
  const at = (field: string): Owner => ({ cluster: place.cluster, path: [...place.path, field] });
  const found: InventoryProblem[] = [];
  if (lb.hostname !== undefined) found.push(...claimName(claims.hostnames, lb.hostname, at("hostname"), problems.hostnameTaken));
  if (lb.routerid !== undefined) found.push(...claimName(claims.routerids, lb.routerid, at("routerid"), problems.routeridTaken));
  for (const [field, use] of addressFields) {
    const address = lb[field];
    if (address !== undefined) found.push(...claimAddress(claims, addressNumber(address), use, at(field)));
  }
  if (!usesLocal) return found;
  const owner = at("local_addresses" in lb ? "local_addresses" : "internalnetmask");
  // One word for a whole range: of twenty-eight that clash the first says it.
  const clashes = localAddresses(lb).flatMap((value) => claimAddress(claims, value, "local", owner));
  return [...found, ...clashes.slice(0, 1)];
}

const addressFields = [
  ["internalip", "own"],
  ["extraip", "own"],
  ["internalgateway", "gateway"],
  ["extragateway", "gateway"],
] as const satisfies readonly (readonly [keyof LbDraft, Use])[];

function claimAddress(claims: Claims, value: number, use: Use, owner: Owner): InventoryProblem[] {
  const first = claims.addresses.get(value);
  if (first === undefined) {
    claims.addresses.set(value, { ...owner, use });
    // A vipnet of another cluster: those of one's own come after the addresses, and are told what they cover.
    const around = claims.vipnets.find(({ network }) => contains(network, value));
    if (around === undefined) return [];
    return [problems.addressInVipnet(owner.path, addressText(value), networkText(around.network), ownerText(around, owner.cluster))];
  }
  return mayShare(first, use, owner) ? [] : [problems.addressTaken(owner.path, addressText(value), ownerText(first, owner.cluster))];
}

/** Load balancers of one subnet have one gateway; that a load balancer is its own is told elsewhere. */
function mayShare(first: ClaimedAddress, use: Use, owner: Owner): boolean {
  if (use !== "gateway") return false;
  return first.use === "gateway" || (first.use === "own" && first.cluster === owner.cluster && first.path[1] === owner.path[1]);
}

function claimVipnet(claims: Claims, network: Network, owner: Owner): InventoryProblem[] {
  const found: InventoryProblem[] = [];
  const other = claims.vipnets.find((claimed) => overlap(claimed.network, network));
  if (other !== undefined) {
    found.push(problems.vipnetOverlap(owner.path, networkText(network), networkText(other.network), ownerText(other, owner.cluster)));
  }
  for (const [value, claimed] of claims.addresses) {
    if (!contains(network, value)) continue;
    found.push(problems.vipnetCovers(owner.path, networkText(network), addressText(value), ownerText(claimed, owner.cluster)));
    break;
  }
  claims.vipnets.push({ ...owner, network });
  return found;
}
