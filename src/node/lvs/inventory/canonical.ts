import { addressNumber, byAddress } from "./ipv4.ts";
import { byName, firstDifference } from "./order.ts";
import { realServerOf } from "./defaults.ts";
import type { ClusterDocument, LbDocument, PortDocument, RealServerDocument, VipDocument } from "./schema.ts";

/**
 * A document with its lists and keys in one order: load balancers by hostname, networks and VIPs by address, real
 * servers by name, ports by number. Defaults stay unwritten, and a real server of weight 1 is its name alone, as the
 * predecessor has it.
 */
export function canonicalDocument(document: ClusterDocument): ClusterDocument {
  const { ospf } = document;
  return inOrderOf(clusterKeys, {
    ...document,
    ...(ospf === undefined ? {} : { ospf: inOrderOf([], ospf) }),
    vipnets: [...document.vipnets].sort(byStart),
    lbinfos: document.lbinfos.map(canonicalLb).sort((a, b) => byName(a.hostname, b.hostname)),
    vip2ws: document.vip2ws.map(canonicalVip).sort((a, b) => addressNumber(a.vip) - addressNumber(b.vip)),
  });
}

/** The document as JSON, the same bytes for the same cluster; what `export` prints and versions are compared by. */
export const documentText = (document: ClusterDocument): string => JSON.stringify(canonicalDocument(document), null, 2);

const clusterKeys = ["name", "type", "device", "dialect", "lb_kind", "scheduler", "ospf", "vipnets", "lbinfos", "vip2ws"];
const lbKeys = ["hostname", "routerid", "internalip", "internalnetmask", "internalgateway", "extraip", "extranetmask", "extragateway", "ospfnet"];
const vipKeys = ["vip", "wstype", "quorum", "hysteresis", "wss", "ports"];
const portKeys = ["sport", "dport", "synproxy", "persistence_timeout", "established_timeout", "check"];

/** A copy with the named keys first and the rest by name; those without a value are left out. */
function inOrderOf<T extends object>(keys: readonly string[], value: T): T {
  const rank = (key: string): number => (keys.includes(key) ? keys.indexOf(key) : keys.length);
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => firstDifference(rank(a) - rank(b), byName(a, b)))) as T;
}

const canonicalLb = (lb: LbDocument): LbDocument => {
  const named = lb.local_addresses;
  return inOrderOf(lbKeys, named === undefined ? lb : { ...lb, local_addresses: [...named].sort(byStart) });
};

/** Networks and ranges by their first address. */
const byStart = (a: string, b: string): number => firstDifference(byAddress(startOf(a), startOf(b)), byName(a, b));
const startOf = (text: string): string => text.split(/[-/]/)[0] ?? "";

function canonicalVip(vip: VipDocument): VipDocument {
  return inOrderOf(vipKeys, {
    ...vip,
    wss: vip.wss.map(shortest).sort((a, b) => byName(realServerOf(a).name ?? "", realServerOf(b).name ?? "")),
    ports: vip.ports.map(canonicalPort).sort((a, b) => a.sport - b.sport),
  });
}

/** A real server of the usual weight as its name. */
export function shortest(server: RealServerDocument): RealServerDocument {
  if (typeof server === "string") return server;
  return (server.weight ?? 1) === 1 ? server.name : { name: server.name, weight: server.weight };
}

const canonicalPort = (port: PortDocument): PortDocument =>
  inOrderOf(portKeys, port.check === undefined ? port : { ...port, check: inOrderOf(["type"], port.check) });
