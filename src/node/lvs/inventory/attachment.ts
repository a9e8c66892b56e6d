import type { ConfigPath } from "../../config/problem.ts";
import type { LbDraft } from "./draft.ts";
import { addressNumber, contains, isUnicast, networkOf, networkText, prefixOf, type Network } from "./ipv4.ts";
import type { InventoryProblem } from "./problem.ts";
import * as problems from "./problems.ts";

export type Side = "internal" | "extra";

/** The subnet that an address and its mask make; undefined where one of them is missing or the mask is broken. */
export function subnetOf(lb: LbDraft, side: Side): Network | undefined {
  const address = lb[`${side}ip`];
  const netmask = lb[`${side}netmask`];
  if (address === undefined || netmask === undefined) return undefined;
  const prefix = prefixOf(netmask);
  return prefix === undefined ? undefined : networkOf(addressNumber(address), prefix);
}

/** An address, mask and gateway of a load balancer: each by itself and all together. */
export function checkAttachment(lb: LbDraft, side: Side, path: ConfigPath): InventoryProblem[] {
  const found: InventoryProblem[] = [];
  const address = lb[`${side}ip`];
  const netmask = lb[`${side}netmask`];
  const gateway = lb[`${side}gateway`];
  for (const [field, value] of [[`${side}ip`, address], [`${side}gateway`, gateway]] as const) {
    if (value !== undefined && !isUnicast(addressNumber(value))) found.push(problems.notUnicast([...path, field], value));
  }
  const prefix = netmask === undefined ? undefined : prefixOf(netmask);
  if (netmask !== undefined && prefix === undefined) found.push(problems.netmaskBroken([...path, `${side}netmask`], netmask));
  if (netmask !== undefined && prefix !== undefined && (prefix < 8 || prefix > 30)) {
    return [...found, problems.netmaskUnusable([...path, `${side}netmask`], netmask)];
  }
  if (gateway !== undefined && gateway === address) found.push(problems.gatewayIsHost([...path, `${side}gateway`], gateway));
  const subnet = subnetOf(lb, side);
  if (subnet === undefined) return found;
  if (address !== undefined) found.push(...checkHost(address, subnet, [...path, `${side}ip`]));
  if (gateway === undefined) return found;
  const at = [...path, `${side}gateway`];
  if (!contains(subnet, addressNumber(gateway))) return [...found, problems.gatewayOutside(at, gateway, networkText(subnet))];
  return [...found, ...checkHost(gateway, subnet, at)];
}

function checkHost(address: string, subnet: Network, path: ConfigPath): InventoryProblem[] {
  const value = addressNumber(address);
  const what = value === subnet.first ? "network" : value === subnet.last ? "broadcast" : undefined;
  return what === undefined ? [] : [problems.addressNotHost(path, address, networkText(subnet), what)];
}
