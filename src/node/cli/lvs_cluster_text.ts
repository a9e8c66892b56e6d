import type { Cluster, HealthCheck, Vip } from "../lvs/inventory/model.ts";
import { problemText } from "../lvs/inventory/problem.ts";
import type { StoredCluster } from "../lvs/store/reads.ts";
import type { KeptVersion } from "../lvs/store/versions.ts";
import { printable } from "./printable.ts";
import { tableText } from "./table.ts";
import { wrapped } from "./wrap.ts";

/** A line a cluster. */
export function clusterListText(clusters: readonly StoredCluster[]): string {
  if (clusters.length === 0) return "there are no clusters";
  const rows = clusters.map(({ name, version, isForeign, cluster, problems }) => [
    name,
    `${version}${isForeign ? "*" : ""}`,
    cluster?.type ?? "?",
    cluster?.dialect ?? "?",
    `${cluster?.lbs.length ?? "?"}`,
    `${cluster?.vips.length ?? "?"}`,
    problems.length === 0 ? "ok" : `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`,
  ]);
  const table = tableText(["name", "version", "type", "dialect", "lbs", "vips", "state"], rows);
  return clusters.some(({ isForeign }) => isForeign) ? `${table}\n* written by another tool since` : table;
}

/** All of a cluster; of one that breaks rules, which. */
export function clusterText({ name, version, isForeign, cluster, problems }: StoredCluster): string {
  const title = `cluster ${name}, version ${version}${isForeign ? " (written by another tool)" : ""}`;
  if (cluster === undefined) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    return [`${title}: ${count}`, ...problems.map((problem) => wrapped(printable(`  ${problemText(problem)}`), 4))].join("\n");
  }
  return [title, ...factLines(cluster), "", lbTable(cluster), "", vipTable(cluster)].join("\n");
}

function factLines({ type, device, dialect, lbKind, scheduler, ospf, vipnets }: Cluster): string[] {
  const key = ospf.keyFrom === undefined ? "no key" : `key from ${ospf.keyFrom.kind === "env" ? ospf.keyFrom.name : ospf.keyFrom.path}`;
  const lines = [
    `  type ${type}, device ${device}; ${dialect}, ${lbKind}, ${scheduler}`,
    `  OSPF: area ${ospf.area} on ${ospf.device}, hello ${ospf.hello} s, dead ${ospf.dead} s, cost ${ospf.cost}, ${key}`,
    `  vipnets: ${vipnets.join(", ")}`,
  ];
  return lines.map((line) => wrapped(line, 4));
}

function lbTable({ lbs }: Cluster): string {
  if (lbs.length === 0) return "no load balancer";
  const rows = lbs.map(({ hostname, routerId, internal, extra, localAddresses }) => [
    hostname,
    routerId,
    `${internal.address}/${internal.prefix}`,
    extra === undefined ? "-" : `${extra.address}/${extra.prefix}`,
    `${localAddresses.length}`,
  ]);
  return tableText(["load balancer", "routerid", "internal", "extra", "local"], rows);
}

function vipTable({ vips }: Cluster): string {
  if (vips.length === 0) return "no VIP";
  const rows = vips.flatMap((vip) =>
    vip.ports.map(({ sport, dport, synproxy, persistenceTimeout, check }, index) => [
      index === 0 ? vip.address : "",
      index === 0 ? vip.wstype : "",
      sport === dport ? `${sport}` : `${sport}:${dport}`,
      synproxy ? "yes" : "no",
      persistenceTimeout === 0 ? "-" : `${persistenceTimeout} s`,
      checkWords(check),
      index === 0 ? serverWords(vip) : "",
    ]),
  );
  return tableText(["VIP", "wstype", "port", "synproxy", "persist", "check", "real servers"], rows);
}

function checkWords(check: HealthCheck): string {
  if (check.kind === "tcp") return "tcp";
  return `${check.kind} ${check.path} ${check.expect.kind === "status" ? check.expect.status : "digest"}`;
}

const serverWords = ({ realServers }: Vip): string =>
  realServers.map(({ name, weight }) => (weight === 1 ? name : `${name}=${weight}`)).join(" ");

export type ListedVersion = Omit<KeptVersion, "document">;

/** A line a version, the last one first. */
export function versionsText(name: string, versions: readonly ListedVersion[]): string {
  if (versions.length === 0) return `no version of cluster ${printable(name)} is kept`;
  const rows = versions.map(({ version, time, who, what }) => [`${version}`, time.slice(0, 19).replace("T", " "), who, what]);
  return tableText(["version", "time (UTC)", "who", "what"], rows);
}
