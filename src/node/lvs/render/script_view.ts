import type { Cluster, LoadBalancer } from "../inventory/model.ts";
import { dialectWords } from "./dialect.ts";
import type { Layout } from "./layout.ts";
import { addressToken, deviceToken, folderToken, nameToken, numberToken } from "./token.ts";

/** Opposite changes of a VIP closer than 1.1 s take OSPF 5 to 10 s to spread. */
const dampingCentiseconds = 120;

export function hookView(cluster: Cluster, lb: LoadBalancer, layout: Layout): object {
  return {
    cluster: nameToken(cluster.name),
    hostname: nameToken(lb.hostname),
    state: folderToken(layout.state),
    dampingCentiseconds: numberToken(dampingCentiseconds),
    dampingSeconds: dampingCentiseconds / 100,
    dpvsDevice: dialectWords[cluster.dialect].vipInDpvs ? deviceToken(cluster.device) : null,
    vips: cluster.vips.map((vip) => addressToken(vip.address)),
  };
}

/** The local addresses of DPVS are put on its port by its keepalived, those of a kernel on the device by us. */
export function setupView(cluster: Cluster, lb: LoadBalancer, layout: Layout): object {
  const kernelHolds = dialectWords[cluster.dialect].localAddresses === "ranges" && cluster.lbKind === "FNAT";
  const localAddresses = kernelHolds ? lb.localAddresses.map(addressToken) : [];
  return {
    cluster: nameToken(cluster.name),
    hostname: nameToken(lb.hostname),
    device: deviceToken(cluster.device),
    devices: [...new Set([cluster.device, cluster.ospf.device])].sort().map(deviceToken),
    state: folderToken(layout.state),
    managesLocalAddresses: dialectWords[cluster.dialect].localAddresses === "ranges",
    localAddresses,
  };
}
