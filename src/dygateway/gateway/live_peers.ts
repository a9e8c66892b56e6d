import type { LivePeer, LivePeers } from "../core/admin/upstream_answers.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { liveUpstream } from "./upstreams.ts";

/**
 * What this worker knows of an upstream's peers. A server that is a name has several; the weights are its first one's,
 * connections and failures those of all, and it is healthy while any of them is.
 */
export function livePeers(upstream: string): LivePeers {
  const byServer: Lookup<LivePeer> = lookup();
  const balancer = liveUpstream(upstream)?.balancer;
  if (balancer !== undefined) {
    const now = ngx.time();
    balancer.settle(now);
    for (const peer of balancer.peers) {
      const { conns, fails, currentWeight, effectiveWeight } = balancer.state(peer, now);
      const { address } = peer.server;
      const before = byServer[address];
      byServer[address] = {
        effectiveWeight: before?.effectiveWeight ?? effectiveWeight,
        currentWeight: before?.currentWeight ?? currentWeight,
        conns: (before?.conns ?? 0) + conns,
        fails: (before?.fails ?? 0) + fails,
        healthy: (before?.healthy ?? false) || peer.healthy,
      };
    }
  }
  return (server) => byServer[server.address];
}
