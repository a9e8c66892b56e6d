import { addressNumber } from "../inventory/ipv4.ts";
import type { Cluster, LoadBalancer } from "../inventory/model.ts";
import { dialectWords } from "./dialect.ts";
import { addressRangeToken, addressToken, deviceToken, nameToken, type Token } from "./token.ts";
import { localAddressGroup } from "./vip_view.ts";

/** The main file: what is global, and the VIPs' files by name, so that no file that happens to lie there is read. */
export function keepalivedView(cluster: Cluster, lb: LoadBalancer, hook: Token): object {
  const words = dialectWords[cluster.dialect];
  return {
    cluster: nameToken(cluster.name),
    type: nameToken(cluster.type),
    dialect: nameToken(cluster.dialect),
    hostname: nameToken(lb.hostname),
    scriptSecurity: words.scriptSecurity,
    startAndEndScripts: words.startAndEndScripts,
    hook,
    localAddressGroup,
    localAddresses: localAddressLines(cluster, lb),
    vips: cluster.vips.map((vip) => addressToken(vip.address)),
  };
}

function localAddressLines(cluster: Cluster, { localAddresses }: LoadBalancer): string[] {
  if (cluster.lbKind !== "FNAT") return [];
  switch (dialectWords[cluster.dialect].localAddresses) {
    case "none":
      return [];
    case "ranges":
      return addressRanges(localAddresses).map(addressRangeToken);
    case "with device":
      return localAddresses.map((address) => `${addressToken(address)} ${deviceToken(cluster.device)}`);
  }
}

/** Neighbours as `a.b.c.227-254`, within one last octet. @param addresses ascending. */
export function addressRanges(addresses: readonly string[]): string[] {
  const ranges: { first: string; last: string }[] = [];
  for (const address of addresses) {
    const range = ranges.at(-1);
    const number = addressNumber(address);
    if (range !== undefined && number === addressNumber(range.last) + 1 && number % 256 !== 0) range.last = address;
    else ranges.push({ first: address, last: address });
  }
  return ranges.map(({ first, last }) => (first === last ? first : `${first}-${addressNumber(last) % 256}`));
}
