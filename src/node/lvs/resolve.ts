import { lookup } from "node:dns/promises";
import type { Cluster } from "./inventory/model.ts";
import { addressNumber, addressPattern, contains, isUnicast, parseNetwork } from "./inventory/ipv4.ts";
import type { Pinned } from "./render/pinned.ts";

/** All IPv4 addresses of a name; rejects as Node's resolver does. */
export type Resolver = (name: string) => Promise<readonly string[]>;

/** As the machine resolves names: hosts file, then DNS. */
export const systemResolver: Resolver = async (name) => {
  const found = await lookup(name, { family: 4, all: true });
  return found.map(({ address }) => address);
};

export interface ResolveProblem {
  readonly name: string;
  /** `vip2ws[60.28.208.1].wss`: every VIP that the name is behind. */
  readonly places: readonly string[];
  readonly text: string;
}

export type Resolved =
  | { readonly ok: true; readonly pinned: Pinned }
  | { readonly ok: false; readonly problems: readonly ResolveProblem[] };

const atOnce = 16;

/**
 * Finds the one address of each real server of the clusters, all names together, and all that is wrong. keepalived
 * would take any one of several addresses, and another one after each restart; a name without any ends it.
 */
export async function resolveRealServers(clusters: readonly Cluster[], resolve: Resolver): Promise<Resolved> {
  const places = placesOfNames(clusters);
  const names = [...places.keys()].sort();
  const vipnets = clusters.flatMap((cluster) => cluster.vipnets.map(parseNetwork));
  const pinned = new Map<string, string>();
  const problems: ResolveProblem[] = [];
  const refuse = (name: string, text: string): void => {
    problems.push({ name, places: places.get(name) ?? [], text });
  };
  const one = async (name: string): Promise<void> => {
    const answer = await answerOf(name, resolve);
    const [address, ...others] = answer.addresses;
    if (answer.failure !== undefined) refuse(name, `${name} has no address: ${answer.failure}`);
    else if (address === undefined) refuse(name, `${name} has no IPv4 address`);
    else if (others.length > 0) refuse(name, `${name} has several addresses: ${answer.addresses.join(", ")}`);
    else if (!isUnicast(addressNumber(address))) refuse(name, `${name} is ${address}, which no other machine can reach`);
    else if (vipnets.some((vipnet) => contains(vipnet, addressNumber(address)))) {
      refuse(name, `${name} is ${address}, inside a vipnet: what is sent there would come back`);
    } else pinned.set(name, address);
  };
  const queue = names.values();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, names.length) }, async () => {
      for (const name of queue) await one(name);
    }),
  );
  problems.push(...sharedAddresses(clusters, pinned));
  problems.sort((a, b) => (a.name < b.name ? -1 : 1));
  return problems.length === 0 ? { ok: true, pinned } : { ok: false, problems };
}

interface Answer {
  readonly addresses: readonly string[];
  readonly failure?: string;
}

async function answerOf(name: string, resolve: Resolver): Promise<Answer> {
  if (addressPattern.test(name)) return { addresses: [name] };
  try {
    return { addresses: [...new Set(await resolve(name))].sort() };
  } catch (error) {
    return { addresses: [], failure: error instanceof Error ? error.message : String(error) };
  }
}

function placesOfNames(clusters: readonly Cluster[]): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const vip of clusters.flatMap((cluster) => cluster.vips)) {
    for (const { name } of vip.realServers) places.set(name, [...(places.get(name) ?? []), `vip2ws[${vip.address}].wss`]);
  }
  return places;
}

/** Two names of one machine behind one VIP: keepalived would count it twice, or refuse the file. */
function sharedAddresses(clusters: readonly Cluster[], pinned: Pinned): ResolveProblem[] {
  const problems: ResolveProblem[] = [];
  for (const vip of clusters.flatMap((cluster) => cluster.vips)) {
    const owners = new Map<string, string>();
    for (const { name } of vip.realServers) {
      const address = pinned.get(name);
      if (address === undefined) continue;
      const owner = owners.get(address);
      if (owner === undefined) owners.set(address, name);
      else problems.push({ name, places: [`vip2ws[${vip.address}].wss`], text: `${name} is ${address}, and so is ${owner}` });
    }
  }
  return problems;
}
