/** Where things are on a load balancer. */
export interface Layout {
  /** The folder of `current`, `previous` and `releases/`, beside keepalived.conf. */
  readonly root: string;
  /** What the VIP hook remembers between two calls; on a file system that a reboot empties. */
  readonly state: string;
}

export const defaultLayout: Layout = { root: "/etc/keepalived/dygw", state: "/run/dygateway-vip" };

/** FRR reads one file for all daemons; what came before it one for each. */
export const ospfFiles = ["frr", "quagga"] as const;
export type OspfFiles = (typeof ospfFiles)[number];
