import { fillTemplate } from "../../render/templates.ts";
import type { Cluster, LoadBalancer } from "../inventory/model.ts";
import { dialectWords } from "./dialect.ts";
import { keepalivedView } from "./keepalived_view.ts";
import type { Layout, OspfFiles } from "./layout.ts";
import { ospfView } from "./ospf_view.ts";
import type { Pinned } from "./pinned.ts";
import { releaseOf, type Release, type ReleaseFile } from "./release.ts";
import { hookView, setupView } from "./script_view.ts";
import { folderToken } from "./token.ts";
import { vipView } from "./vip_view.ts";

export interface RenderOptions {
  readonly layout: Layout;
  readonly ospfFiles: OspfFiles;
  /** The md5 key of the uplink; undefined: OSPF without authentication. */
  readonly ospfKey: string | undefined;
  readonly pinned: Pinned;
}

/**
 * All files of one load balancer. Nothing is read but templates; the same cluster, addresses and key give the same
 * bytes, in whatever order the inventory lists them.
 */
export function renderLoadBalancer(cluster: Cluster, lb: LoadBalancer, options: RenderOptions): Release {
  const { layout, ospfKey, pinned } = options;
  // Through `current`, which `sh` follows when it is run: keepalived would resolve a script's own path when it starts,
  // and call a release that has been removed since.
  const hook = folderToken(`${layout.root}/current/vip_hook.sh`);
  const usesHook = dialectWords[cluster.dialect].vipBy === "hook";
  const ospf = ospfView(cluster, lb, ospfKey);
  const setup = setupView(cluster, lb, layout);
  return releaseOf(lb.hostname, [
    readable("keepalived.conf", fillTemplate("lvs/keepalived.conf", keepalivedView(cluster, lb, hook))),
    ...cluster.vips.map((vip) =>
      readable(`vips/${vip.address}.conf`, fillTemplate("lvs/vip.conf", vipView(cluster, vip, pinned, hook))),
    ),
    ...(options.ospfFiles === "frr"
      ? [guarded("frr.conf", fillTemplate("lvs/frr.conf", ospf))]
      : [guarded("ospfd.conf", fillTemplate("lvs/ospfd.conf", ospf)), readable("zebra.conf", fillTemplate("lvs/zebra.conf", ospf))]),
    ...(usesHook ? [executable("vip_hook.sh", fillTemplate("lvs/vip_hook.sh", hookView(cluster, lb, layout)))] : []),
    executable("setup.sh", fillTemplate("lvs/setup.sh", setup)),
    readable("sysctl.conf", fillTemplate("lvs/sysctl.conf", setup)),
  ]);
}

/** The releases of a cluster, ascending by host name as its load balancers are. */
export function renderCluster(cluster: Cluster, options: RenderOptions): Release[] {
  return cluster.lbs.map((lb) => renderLoadBalancer(cluster, lb, options));
}

const readable = (path: string, text: string): ReleaseFile => ({ path, text, mode: 0o644, isSecret: false });
const executable = (path: string, text: string): ReleaseFile => ({ path, text, mode: 0o755, isSecret: false });
const guarded = (path: string, text: string): ReleaseFile => ({ path, text, mode: 0o640, isSecret: true });
