import { checkDefaults, checkKindOf, dialectOf, hysteresisOf, lbKindOf, ospfDefaults, ospfTimersOf, quorumOf, realServerOf, schedulerOf } from "./defaults.ts";
import { dialectFacts } from "./dialects.ts";
import { addressNumber, addressText, byAddress, networkOf, networkText, prefixOf } from "./ipv4.ts";
import { localAddresses } from "./local_addresses.ts";
import type { Attachment, Cluster, Dialect, HealthCheck, KeySource, LoadBalancer, Ospf, Vip, VipPort } from "./model.ts";
import { byName } from "./order.ts";
import type { ClusterDocument, LbDocument, OspfDocument, PortDocument, VipDocument } from "./schema.ts";

/** The model of a document that passed every check, with defaults spelled out and lists in order. */
export function normalise(document: ClusterDocument): Cluster {
  const dialect = known(dialectOf(document));
  const lbKind = known(lbKindOf(document));
  return {
    name: document.name,
    type: document.type,
    device: document.device,
    dialect,
    lbKind,
    scheduler: known(schedulerOf(document)),
    ospf: ospfOf(document.ospf ?? {}, document.device),
    vipnets: [...document.vipnets].sort(byNetwork),
    lbs: document.lbinfos.map((lb) => lbOf(lb, lbKind === "FNAT")).sort((a, b) => byName(a.hostname, b.hostname)),
    vips: document.vip2ws.map((vip) => vipOf(vip, dialect)).sort((a, b) => byAddress(a.address, b.address)),
  };
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a document was normalised that did not pass the checks");
  return value;
}

const byNetwork = (a: string, b: string): number => byAddress(a.split("/")[0] ?? "", b.split("/")[0] ?? "");

function ospfOf(ospf: OspfDocument, device: string): Ospf {
  const { hello, dead } = ospfTimersOf(ospf);
  const area = ospf.area ?? ospfDefaults.area;
  return {
    area: typeof area === "number" ? addressText(area) : area,
    device: ospf.device ?? device,
    hello: known(hello),
    dead: known(dead),
    cost: ospf.cost ?? ospfDefaults.cost,
    keyId: ospf.key_id ?? ospfDefaults.keyId,
    keyFrom: keySourceOf(ospf.key_from),
  };
}

/** Where a document says its md5 key is. */
function keySourceOf(source: OspfDocument["key_from"]): KeySource | undefined {
  if (source?.env !== undefined) return { kind: "env", name: source.env };
  return source?.file === undefined ? undefined : { kind: "file", path: source.file };
}

function lbOf(lb: LbDocument, usesLocal: boolean): LoadBalancer {
  const { extraip, extranetmask, extragateway } = lb;
  const hasExtra = extraip !== undefined && extranetmask !== undefined && extragateway !== undefined;
  return {
    hostname: lb.hostname,
    routerId: lb.routerid,
    internal: attachment(lb.internalip, lb.internalnetmask, lb.internalgateway),
    extra: hasExtra ? attachment(extraip, extranetmask, extragateway) : undefined,
    ospfNet: lb.ospfnet,
    localAddresses: usesLocal ? localAddresses(lb).map(addressText) : [],
  };
}

function attachment(address: string, netmask: string, gateway: string): Attachment {
  const prefix = known(prefixOf(netmask));
  return { address, netmask, prefix, network: networkText(networkOf(addressNumber(address), prefix)), gateway };
}

function vipOf(vip: VipDocument, dialect: Dialect): Vip {
  const servers = vip.wss.map((server) => {
    const { name, weight } = realServerOf(server);
    return { name: known(name), weight: known(weight) };
  });
  return {
    address: vip.vip,
    wstype: vip.wstype,
    quorum: known(quorumOf(vip)),
    hysteresis: known(hysteresisOf(vip)),
    realServers: servers.sort((a, b) => byName(a.name, b.name)),
    ports: vip.ports.map((port) => portOf(port, dialect)).sort((a, b) => a.sport - b.sport),
  };
}

function portOf(port: PortDocument, dialect: Dialect): VipPort {
  return {
    sport: port.sport,
    dport: port.dport,
    synproxy: port.synproxy === 1,
    persistenceTimeout: port.persistence_timeout ?? 0,
    establishedTimeout: port.established_timeout,
    check: checkOf(port, dialect),
  };
}

function checkOf({ dport, check = {} }: PortDocument, dialect: Dialect): HealthCheck {
  const kind = known(checkKindOf(check));
  const triesAgain = kind !== "tcp" || dialectFacts[dialect].tcpRetries;
  const timing = {
    port: check.port ?? dport,
    interval: check.interval ?? checkDefaults.interval,
    connectTimeout: check.connect_timeout ?? checkDefaults.connectTimeout,
    retry: triesAgain ? (check.retry ?? checkDefaults.retry) : 0,
    delayBeforeRetry: triesAgain ? (check.delay_before_retry ?? checkDefaults.delayBeforeRetry) : 0,
  };
  if (kind === "tcp") return { kind, ...timing };
  const { digest, host } = check;
  const expect =
    digest === undefined
      ? { kind: "status" as const, status: check.status ?? checkDefaults.status }
      : { kind: "digest" as const, digest };
  return { kind, ...timing, path: check.path ?? checkDefaults.path, host, expect };
}
