import { lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { createBalancer } from "../../src/dygateway/core/upstream/balancer.ts";
import type { Balancer, Peer } from "../../src/dygateway/core/upstream/balancer.ts";
import { serverDefaults } from "../../src/dygateway/core/upstream/model.ts";
import type { Balance, Server, Upstream } from "../../src/dygateway/core/upstream/model.ts";
import type { Random } from "./random.ts";

export const roundRobin: Balance = { kind: "round_robin" };

/** A server of a test, by its parameters. */
export function server(address: string, parameters: Partial<Server> = {}): Server {
  return { ...serverDefaults, address, ...parameters };
}

export function upstreamOf(servers: readonly Server[], balance: Balance = roundRobin): Upstream {
  return { servers, balance, keepalive: undefined, check: undefined };
}

export interface BalancerOptions {
  readonly previous?: Balancer;
  readonly now?: number;
  readonly random?: (this: void) => number;
  readonly addresses?: Record<string, readonly string[]>;
}

export function balancerOf(upstream: Upstream, options: BalancerOptions = {}): Balancer {
  const addresses = Object.assign(lookup<readonly string[]>(), options.addresses);
  return createBalancer({
    name: "test",
    upstream,
    addresses,
    previous: options.previous,
    now: options.now ?? 1000,
    random: options.random ?? (() => 0),
    pause: noPause,
  });
}

/** The addresses of the next choices, each given back at once as a success. */
export function sequence(balancer: Balancer, count: number, now = 1000, key = ""): string {
  const chosen: string[] = [];
  for (let i = 0; i < count; i++) {
    const peer = balancer.pick(key, now, undefined);
    chosen.push(peer === undefined ? "-" : peer.address);
    if (peer !== undefined) {
      balancer.release(peer, now);
      balancer.succeeded(peer, now);
    }
  }
  return chosen.join(" ");
}

/** A try that failed. */
export function failOnce(balancer: Balancer, peer: Peer, now: number): boolean {
  balancer.release(peer, now);
  return balancer.failed(peer, now);
}

/** Servers 10.0.0.1 and so on, with everything that nginx's strategies look at. */
export function randomServers(dice: Random, withBackups: boolean): Server[] {
  const servers: Server[] = [];
  const count = dice.pick([1, 2, 2, 3, 4, 5, 7, 12]);
  const isWeighted = dice.below(3) > 0;
  for (let i = 0; i < count; i++) {
    servers.push(
      server(`10.0.0.${i + 1}:80`, {
        weight: isWeighted ? dice.pick([1, 2, 3, 5, 10, 100]) : 1,
        maxFails: dice.pick([0, 1, 1, 2, 3]),
        failTimeout: dice.pick([1, 5, 10]),
        maxConns: dice.below(6) === 0 ? dice.below(3) + 1 : 0,
        backup: withBackups && i > 0 && dice.below(4) === 0,
        down: dice.below(8) === 0,
        drain: dice.below(20) === 0,
      }),
    );
  }
  return servers;
}
