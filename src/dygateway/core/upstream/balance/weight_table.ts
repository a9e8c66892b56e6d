import { doubles } from "../../buffer.ts";
import { sortedPosition } from "../../diversion/sorted_position.ts";
import type { Server } from "../model.ts";

/** The peers on a line, each as long as its server's weight, whether it may be chosen or not. */
export interface WeightTable {
  /** Where the line ends. */
  readonly total: number;
  /** The index of the peer at a whole number from 0 to below the end. */
  readonly at: (this: void, place: number) => number;
}

/** @param servers of the peers, in their order. */
export function weightTable(servers: readonly Server[]): WeightTable {
  const ends = doubles(servers.length + 1);
  let total = 0;
  for (let i = 0; i < servers.length; i++) {
    total += servers[i]!.weight;
    ends[i] = total;
  }
  const find = sortedPosition(ends, servers.length);
  return {
    total,
    at: /** @inlined */ (place) => {
      const index = find(place + 1);
      return index;
    },
  };
}
