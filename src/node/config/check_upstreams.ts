import { isReservedName, reservedName } from "../../dygateway/core/upstream/name.ts";
import { canonicalAddress, parseAddress } from "./address.ts";
import { nearest } from "./key_suggestions.ts";
import { balanceOf, defaultUpstreamAt } from "./model.ts";
import type { Problem } from "./problem.ts";
import * as problems from "./problems.ts";
import type { Config, UpstreamConfig } from "./schema.ts";

/** What the schema cannot see: upstreams that clash, cannot work, or are referred to and not there. */
export function checkUpstreams(config: Config): Problem[] {
  const seen = new Map<string, string>();
  const found: Problem[] = [];
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    const first = seen.get(name.toLowerCase());
    if (first !== undefined) found.push(problems.upstreamTwice(["upstreams", name], first));
    seen.set(name.toLowerCase(), name);
    if (isReservedName(name)) found.push(problems.badKey(["upstreams", name], reservedName));
    found.push(...checkServers(name, upstream));
  }
  return [...found, ...checkReferences(config)];
}

function checkServers(name: string, upstream: UpstreamConfig): Problem[] {
  const found: Problem[] = [];
  const path = ["upstreams", name, "servers"];
  const addresses = new Set<string>();
  let primaries = 0;
  for (const [index, server] of upstream.servers.entries()) {
    const detailed = typeof server === "string" ? { address: server, backup: false } : server;
    const parsed = parseAddress(detailed.address);
    const address = parsed === null ? detailed.address : canonicalAddress(parsed);
    if (addresses.has(address)) found.push(problems.serverTwice([...path, index], address));
    addresses.add(address);
    if (!detailed.backup) primaries += 1;
    else if (!takesBackups(upstream)) {
      found.push(problems.backupWithBalance([...path, index, "backup"], balanceOf(upstream).kind));
    }
  }
  if (primaries === 0) found.push(problems.onlyBackups(path));
  return found;
}

const takesBackups = (upstream: UpstreamConfig): boolean => ["round_robin", "least_conn"].includes(balanceOf(upstream).kind);

function checkReferences(config: Config): Problem[] {
  const known = Object.keys(config.upstreams);
  return config.hosts.flatMap((host, hostIndex) => {
    const places = [
      { path: ["hosts", hostIndex], own: host.default_upstream },
      ...host.locations.map((location, index) => ({
        path: ["hosts", hostIndex, "locations", index],
        own: location.default_upstream,
      })),
    ];
    const unknown = places.flatMap(({ path, own }) =>
      own === undefined || known.includes(own)
        ? []
        : [problems.upstreamUnknown([...path, "default_upstream"], own, known, nearest(own, known))],
    );
    const missing = host.locations.flatMap((location, index) =>
      defaultUpstreamAt(host, location) === undefined
        ? [problems.upstreamMissing(["hosts", hostIndex, "locations", index])]
        : [],
    );
    return [...unknown, ...missing];
  });
}
