import { COLUMNS, CONNS, CURRENT, EFFECTIVE, OPEN, WEIGHT } from "./peer.ts";
import type { PeerGroup } from "./peer.ts";
import { roundRobin } from "./round_robin.ts";
import { catchUp } from "./state.ts";
import { leaveTape } from "./tape.ts";

/** One step of smooth weighted round robin among the peers from `first` on that have as few connections as it. */
function chooseAmongEquals(group: PeerGroup, first: number): number {
  const { rows, end } = group;
  const conns = rows[first + CONNS]!;
  const weight = rows[first + WEIGHT]!;
  let best = first;
  let total = 0;
  for (let row = first; row < end; row += COLUMNS) {
    if (rows[row + OPEN] === 1 && rows[row + CONNS]! * weight === conns * rows[row + WEIGHT]!) {
      const effective = rows[row + EFFECTIVE]!;
      rows[row + CURRENT] = rows[row + CURRENT]! + effective;
      total += effective;
      if (effective < rows[row + WEIGHT]!) {
        rows[row + EFFECTIVE] = Math.min(effective + 1, rows[row + WEIGHT]!);
      }
      if (rows[row + CURRENT]! > rows[best + CURRENT]!) {
        best = row;
      }
    }
  }
  rows[best + CURRENT] = rows[best + CURRENT]! - total;
  return best;
}

/**
 * nginx's least_conn (ngx_http_upstream_least_conn_module.c): the fewest connections for its weight; several that have
 * equally few take turns. -1 when none may be chosen.
 * @inlined
 */
export function leastConn(group: PeerGroup, now: number): number {
  if (group.single) {
    const only = roundRobin(group, now);
    return only;
  }
  catchUp(group, now);
  leaveTape(group);
  const { rows, end } = group;
  let best = -1;
  let isOneOfMany = false;
  for (let row = 0; row < end; row += COLUMNS) {
    if (rows[row + OPEN] === 1) {
      // Connections per weight, compared without a division.
      const own = best < 0 ? -1 : rows[row + CONNS]! * rows[best + WEIGHT]!;
      const least = best < 0 ? 0 : rows[best + CONNS]! * rows[row + WEIGHT]!;
      if (own < least) {
        best = row;
        isOneOfMany = false;
      } else if (own === least) {
        isOneOfMany = true;
      }
    }
  }
  if (isOneOfMany) {
    best = chooseAmongEquals(group, best);
  }
  return best < 0 ? -1 : best / COLUMNS;
}
