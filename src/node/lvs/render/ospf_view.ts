import type { Cluster, LoadBalancer } from "../inventory/model.ts";
import { addressToken, deviceToken, nameToken, networkToken, numberToken, ospfKeyToken } from "./token.ts";

/**
 * What FRR's and Quagga's files share: the uplink, and the VIPs on `lo` announced by redistribution of connected routes,
 * less whatever else is on `lo` or another device.
 */
export function ospfView(cluster: Cluster, lb: LoadBalancer, key: string | undefined): object {
  const { ospf } = cluster;
  const authentication =
    key === undefined
      ? []
      : ["ip ospf authentication message-digest", `ip ospf message-digest-key ${numberToken(ospf.keyId)} md5 ${ospfKeyToken(key)}`];
  return {
    cluster: nameToken(cluster.name),
    hostname: nameToken(lb.hostname),
    device: deviceToken(ospf.device),
    interface: [
      ...authentication,
      `ip ospf cost ${numberToken(ospf.cost)}`,
      `ip ospf dead-interval ${numberToken(ospf.dead)}`,
      `ip ospf hello-interval ${numberToken(ospf.hello)}`,
      "ip ospf network point-to-point",
    ],
    router: [
      `ospf router-id ${addressToken(lb.routerId)}`,
      "log-adjacency-changes",
      "passive-interface default",
      "redistribute connected route-map dygateway-vips",
      `network ${networkToken(lb.ospfNet)} area ${addressToken(ospf.area)}`,
    ],
    announced: cluster.vipnets.map((vipnet, index) => announcedLine(vipnet, 5 * (index + 1))),
  };
}

/** `ge 32` of a /32 is refused by FRR: such a vipnet is its own only VIP. */
function announcedLine(vipnet: string, sequence: number): string {
  const network = networkToken(vipnet);
  const hosts = network.endsWith("/32") ? network : `${network} ge 32`;
  return `ip prefix-list dygateway-vips seq ${numberToken(sequence)} permit ${hosts}`;
}
