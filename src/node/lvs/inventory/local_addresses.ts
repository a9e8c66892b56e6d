import type { ConfigPath } from "../../config/problem.ts";
import { subnetOf } from "./attachment.ts";
import type { LbDraft } from "./draft.ts";
import { addressNumber, networkText, type Network } from "./ipv4.ts";
import type { InventoryProblem } from "./problem.ts";
import * as problems from "./problems.ts";

/** More would make the load balancer's files unreadable; each address has 64,000 ports towards every real server. */
export const mostLocalAddresses = 4096;

interface Range {
  readonly first: number;
  readonly last: number;
}

/** The first and last of `a.b.c.227-254` or of one address; undefined where it runs backwards. */
function rangeOf(text: string): Range | undefined {
  const [address = "", end] = text.split("-");
  const first = addressNumber(address);
  if (end === undefined) return { first, last: first };
  const last = first - (first % 256) + Number(end);
  return Number(end) <= 255 && last > first ? { first, last } : undefined;
}

/** What is named, else all hosts; undefined without a subnet. Backward ranges are left out. */
function rangesOf(lb: LbDraft): Range[] | undefined {
  const subnet = subnetOf(lb, "internal");
  if (subnet === undefined) return undefined;
  if (!("local_addresses" in lb)) return [{ first: subnet.first + 1, last: subnet.last - 1 }];
  return (lb.local_addresses ?? []).flatMap((text) => (text === undefined ? [] : (rangeOf(text) ?? [])));
}

const sizeOf = (ranges: readonly Range[]): number => ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);

/**
 * The local addresses of a load balancer, ascending: those that its document names, else all hosts of its internal
 * subnet; never the gateway's or its own. Empty where what is needed to know them is missing or wrong.
 */
export function localAddresses(lb: LbDraft): number[] {
  const ranges = rangesOf(lb) ?? [];
  if (sizeOf(ranges) > mostLocalAddresses + 2) return [];
  const own = [lb.internalip, lb.internalgateway].map((address) => (address === undefined ? -1 : addressNumber(address)));
  const all = new Set<number>();
  for (const { first, last } of ranges) {
    for (let value = first; value <= last; value++) if (!own.includes(value)) all.add(value);
  }
  return [...all].sort((a, b) => a - b);
}

/** Are there some, not too many, and all in the internal subnet? */
export function checkLocalAddresses(lb: LbDraft, path: ConfigPath): InventoryProblem[] {
  const subnet = subnetOf(lb, "internal");
  const ranges = rangesOf(lb);
  if (subnet === undefined || ranges === undefined) return [];
  const isNamed = "local_addresses" in lb;
  const at = [...path, isNamed ? "local_addresses" : "internalnetmask"];
  const found = (lb.local_addresses ?? []).flatMap((text, index) =>
    text === undefined ? [] : checkRange(text, subnet, [...at, index]),
  );
  // A list that the schema refused as a whole says nothing about how many there are.
  if (found.length > 0 || (isNamed && lb.local_addresses === undefined)) return found;
  const size = sizeOf(ranges);
  if (size > mostLocalAddresses + 2) return [problems.localTooMany(at, size, mostLocalAddresses)];
  return localAddresses(lb).length === 0 ? [problems.localNone(at, networkText(subnet))] : [];
}

function checkRange(text: string, subnet: Network, path: ConfigPath): InventoryProblem[] {
  const range = rangeOf(text);
  if (range === undefined) return [problems.localBackwards(path, text)];
  const isInside = range.first > subnet.first && range.last < subnet.last;
  return isInside ? [] : [problems.localOutside(path, text, networkText(subnet))];
}
