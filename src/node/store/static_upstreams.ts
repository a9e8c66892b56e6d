import { parseServerAddress } from "../../dygateway/core/upstream/address.ts";
import { serverDefaults, type Server, type Upstream } from "../../dygateway/core/upstream/model.ts";
import { printUpstreamBody } from "../../dygateway/core/upstream/print.ts";
import type { StaticUpstreams } from "../../dygateway/core/store/upstream_reads.ts";
import { balanceOf } from "../config/model.ts";
import type { Config, UpstreamConfig } from "../config/schema.ts";
import { millisecondsOf } from "../config/units.ts";

/** The upstreams of a configuration, as the gateway finds them in the upstream.conf that is rendered from it. */
export function configuredUpstreams(config: Config): StaticUpstreams {
  const bodies = new Map(Object.entries(config.upstreams).map(([name, upstream]) => [name, printUpstreamBody(upstreamOf(upstream))]));
  return { names: () => [...bodies.keys()].sort(), body: (name) => bodies.get(name) };
}

function upstreamOf(upstream: UpstreamConfig): Upstream {
  const keepalive = upstream.keepalive === 0 ? undefined : { connections: upstream.keepalive, timeout: undefined, requests: undefined };
  return { servers: upstream.servers.map(serverOf), balance: balanceOf(upstream), keepalive, check: undefined };
}

function serverOf(server: UpstreamConfig["servers"][number]): Server {
  const given = typeof server === "string" ? { address: server } : server;
  const address = parseServerAddress(given.address);
  if (!address.ok) throw new Error(`not a server address, the schema should have refused it: ${given.address}`);
  if (typeof server === "string") return { address: address.value, ...serverDefaults };
  return {
    ...serverDefaults,
    address: address.value,
    weight: server.weight ?? serverDefaults.weight,
    maxFails: server.max_fails ?? serverDefaults.maxFails,
    failTimeout: server.fail_timeout === undefined ? serverDefaults.failTimeout : millisecondsOf(server.fail_timeout) / 1000,
    maxConns: server.max_conns ?? serverDefaults.maxConns,
    backup: server.backup,
    down: server.down,
  };
}
