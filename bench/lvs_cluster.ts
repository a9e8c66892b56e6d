import type { ClusterDocument } from "../src/node/lvs/inventory/index.ts";

export const vips = 50;
export const realServers = 20;
export const localAddresses = 28;

/** Clusters that share nothing; of 256 and more the addresses would end. At most 255 load balancers. */
export function clusterDocument(number: number, hostnames: readonly string[]): ClusterDocument {
  return {
    name: `cluster${number}`,
    type: "extra",
    device: "em1",
    vipnets: [`100.${number}.0.0/24`],
    lbinfos: hostnames.map((hostname, index) => ({
      hostname,
      routerid: `60.${number}.${index + 1}.2`,
      internalip: `10.${number}.${index + 1}.2`,
      internalnetmask: "255.255.255.224",
      internalgateway: `10.${number}.${index + 1}.1`,
      extraip: `60.${number}.${index + 1}.2`,
      extranetmask: "255.255.255.252",
      extragateway: `60.${number}.${index + 1}.1`,
      ospfnet: `60.${number}.${index + 1}.0/30`,
    })),
    vip2ws: Array.from({ length: vips }, (_, vip) => ({
      vip: `100.${number}.0.${vip}`,
      wstype: "apps",
      wss: Array.from({ length: realServers }, (__, server) => realServerName(number, vip, server)),
      ports: [80, 443].map((port) => ({ sport: port, dport: port, synproxy: 1 as const, persistence_timeout: 50 })),
    })),
  };
}

const realServerName = (number: number, vip: number, server: number): string => `nginx${server}.vip${vip}.hy${number}`;

/** What a resolver would say of the real servers: an address each, at once. */
export function resolveRealServer(name: string): Promise<readonly string[]> {
  const [, server, vip, number] = /^nginx(\d+)\.vip(\d+)\.hy(\d+)$/.exec(name) ?? [];
  return number === undefined ? Promise.reject(new Error(`${name} is not known`)) : Promise.resolve([`11.${number}.${vip ?? ""}.${server ?? ""}`]);
}
