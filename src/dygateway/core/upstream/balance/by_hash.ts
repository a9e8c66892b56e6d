import type { Server } from "../model.ts";
import { COLUMNS, OPEN } from "./peer.ts";
import type { Peer, PeerGroup } from "./peer.ts";
import { MOST_MISSES, roundRobin } from "./round_robin.ts";
import { catchUp } from "./state.ts";
import type { Choose } from "./strategies.ts";
import { weightTable } from "./weight_table.ts";

/** How a strategy makes numbers of a key: one, and others where the peer of that one is closed. */
export interface HashRounds {
  readonly first: (this: void, key: string) => number;
  /** @param round from 1, counting misses and peers that the request has had. */
  readonly next: (this: void, hash: number, key: string, round: number) => number;
  /** Whether the empty key is one: nginx's `hash` leaves it to round robin. */
  readonly takesEmptyKey: boolean;
}

/** A key keeps its peer, by the share of weights that its number falls into, while that may be chosen. */
export function chooseByHash(group: PeerGroup, servers: readonly Server[], rounds: HashRounds): Choose {
  const { rows } = group;
  const { total, at } = weightTable(servers);
  const { first, next, takesEmptyKey } = rounds;

  /**
   * The rounds after one that found a closed peer. A peer that this request has had was no miss when it was found: the
   * rounds are those that nginx would have remembered.
   */
  function lookFurther(key: string, found: number, now: number, tried: readonly Peer[]): number {
    let hash = found;
    let had = group.peers[at(found % total)] === tried[0] ? 1 : 0;
    let misses = 1 - had;
    while (misses <= MOST_MISSES) {
      hash = next(hash, key, misses + had);
      const index = at(hash % total);
      if (rows[index * COLUMNS + OPEN] === 1) {
        return index;
      }
      if (had < tried.length && group.peers[index] === tried[had]) {
        had++;
      } else {
        misses++;
      }
    }
    const index = roundRobin(group, now);
    return index;
  }

  return /** @inlined */ (key, now, tried) => {
    if (group.single || total === 0 || (key === "" && !takesEmptyKey)) {
      const index = roundRobin(group, now);
      return index;
    }
    if (now > group.retryAt) {
      catchUp(group, now);
    }
    const hash = first(key);
    const index = at(hash % total);
    if (rows[index * COLUMNS + OPEN] === 1) {
      return index;
    }
    const other = lookFurther(key, hash, now, tried);
    return other;
  };
}
