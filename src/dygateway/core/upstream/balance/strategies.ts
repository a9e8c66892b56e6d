import type { Pause } from "../../result.ts";
import type { Balance, Server } from "../model.ts";
import { chooseByHash } from "./by_hash.ts";
import { consistentHash } from "./consistent_hash.ts";
import { hash } from "./hash.ts";
import { ipHash } from "./ip_hash.ts";
import { leastConn } from "./least_conn.ts";
import type { Peer, PeerGroup } from "./peer.ts";
import { randomly } from "./random.ts";
import { roundRobin } from "./round_robin.ts";

/** What a choice goes by, besides the peers. */
export type Needs = "nothing" | "client_address" | "key";

/**
 * The index of the next peer in its group, -1 when none may be chosen.
 *
 * @param tried peers that this request was given before, in their order; those of the group are closed meanwhile.
 */
export type Choose = (this: void, key: string, now: number, tried: readonly Peer[]) => number;

export function needsOf(balance: Balance): Needs {
  switch (balance.kind) {
    case "ip_hash":
      return "client_address";
    case "hash":
      return "key";
    case "round_robin":
    case "least_conn":
    case "random":
      return "nothing";
  }
}

function chooseByTurns(group: PeerGroup): Choose {
  return /** @inlined */ (_key, now) => {
    const index = roundRobin(group, now);
    return index;
  };
}

/**
 * How a group's peers are chosen.
 *
 * @param servers of the peers, in their order: the peers themselves may still belong to the balancer before.
 * @param random a number from 0 to below 1.
 */
export function strategy(
  balance: Balance,
  group: PeerGroup,
  servers: readonly Server[],
  random: (this: void) => number,
  pause: Pause,
): Choose {
  switch (balance.kind) {
    case "round_robin":
      return chooseByTurns(group);
    case "least_conn":
      return /** @inlined */ (_key, now) => {
        const index = leastConn(group, now);
        return index;
      };
    case "ip_hash":
      return chooseByHash(group, servers, ipHash);
    case "hash":
      return balance.consistent ? consistentHash(group, servers, pause) : chooseByHash(group, servers, hash);
    case "random":
      return randomly(group, servers, balance.two, random);
  }
}

/** The strategy of the backups: nginx's least_conn stays what it is, everything else takes turns. */
export function backupBalance(balance: Balance): Balance {
  return balance.kind === "least_conn" ? balance : { kind: "round_robin" };
}
