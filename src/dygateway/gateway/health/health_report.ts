import type { Lookup } from "../../core/lookup.ts";
import { lookup } from "../../core/lookup.ts";
import { addressParts } from "../../core/upstream/address.ts";
import type { DnsRecord } from "../../core/upstream/dns_record.ts";
import { unknownName } from "../../core/upstream/dns_record.ts";
import type { PeerHealth } from "../../core/upstream/health.ts";
import type { Upstream } from "../../core/upstream/model.ts";
import { readHealth, readName } from "./records.ts";

/** What the active checks of an upstream have found, by address; any worker may ask. Peers without a result are not in it. */
export function healthReport(upstream: string): Lookup<PeerHealth> {
  return readHealth(upstream)?.checks ?? lookup();
}

/** What is known of the names of an upstream's servers, by name. */
export function nameReport(upstream: Upstream): Lookup<DnsRecord> {
  const names: Lookup<DnsRecord> = lookup();
  for (const server of upstream.servers) {
    const { kind, host } = addressParts(server.address);
    if (kind === "name") {
      names[host] = readName(host) ?? unknownName;
    }
  }
  return names;
}
