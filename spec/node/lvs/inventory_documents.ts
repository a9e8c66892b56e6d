import { parseCluster, type ClusterDocument } from "../../../src/node/lvs/inventory/index.ts";
import { referenceText } from "./reference_cluster.ts";

/** Any value at any place, as a test writes it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Loose = any;

/** The reference's example, a copy of its own for each test to spoil. */
export function referenceDocument(): ClusterDocument {
  const parsed = parseCluster("reference", referenceText);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return structuredClone(parsed.valid.document);
}

/** Two load balancers of one subnet, inside, with the mainline keepalived. */
export function innerDocument(): ClusterDocument {
  const lb = (host: number): ClusterDocument["lbinfos"][number] => ({
    hostname: `lb${host}.inner.hy01`,
    routerid: `10.1.0.${host}`,
    internalip: `10.1.0.${host}`,
    internalnetmask: "255.255.255.0",
    internalgateway: "10.1.0.254",
    ospfnet: "10.1.0.0/24",
  });
  return {
    name: "hy-inner",
    type: "internal",
    device: "bond0",
    dialect: "mainline",
    vipnets: ["10.9.0.0/24"],
    lbinfos: [lb(1), lb(2)],
    vip2ws: [
      { vip: "10.9.0.1", wstype: "apps", wss: ["nginx1.hy01", { name: "nginx2.hy01", weight: 3 }], ports: [{ sport: 80, dport: 80 }] },
      { vip: "10.9.0.2", wstype: "apps", wss: ["nginx1.hy01"], ports: [{ sport: 80, dport: 80 }, { sport: 443, dport: 443 }] },
      { vip: "10.9.0.3", wstype: "search", wss: ["nginx3.hy01"], ports: [{ sport: 80, dport: 80 }] },
    ],
    ospf: { key_from: { env: "OSPF_KEY" } },
  };
}

/** The inner cluster with FNAT, where each load balancer has local addresses of its own. */
export function fnatDocument(): ClusterDocument {
  const document = innerDocument();
  const [first, second] = document.lbinfos.map((lb, i) => ({ ...lb, local_addresses: [`10.1.0.${10 + i * 50}-${50 + i * 50}`] }));
  return { ...document, dialect: "dpvs", lbinfos: [first, second].flatMap((lb) => lb ?? []) };
}
