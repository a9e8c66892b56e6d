import type { Server } from "../model.ts";
import { COLUMNS, CONNS, OPEN, WEIGHT } from "./peer.ts";
import type { PeerGroup } from "./peer.ts";
import { MOST_MISSES, roundRobin } from "./round_robin.ts";
import { catchUp } from "./state.ts";
import type { Choose } from "./strategies.ts";
import { weightTable } from "./weight_table.ts";

/**
 * Whether the first has more connections for its weight.
 * @inlined
 */
function isBusier(group: PeerGroup, first: number, second: number): boolean {
  const { rows } = group;
  const one = first * COLUMNS;
  const other = second * COLUMNS;
  return rows[one + CONNS]! * rows[other + WEIGHT]! > rows[other + CONNS]! * rows[one + WEIGHT]!;
}

/**
 * nginx's `random` (ngx_http_upstream_random_module.c), by weight; with `two` the less busy of two different ones, the
 * second of equals.
 *
 * @param random a number from 0 to below 1.
 */
export function randomly(group: PeerGroup, servers: readonly Server[], two: boolean, random: (this: void) => number): Choose {
  const { rows } = group;
  const { total, at } = weightTable(servers);

  /** @inlined */
  function draw(): number {
    const index = at(Math.floor(random() * total));
    return index;
  }

  /** After a miss. */
  function drawAgain(but: number): number {
    for (let misses = 1; misses <= MOST_MISSES; misses++) {
      const index = draw();
      if (rows[index * COLUMNS + OPEN] === 1 && index !== but) {
        return index;
      }
    }
    return -1;
  }

  /**
   * Draws until one is open and not `but`; -1 after too many misses.
   * @inlined
   */
  function drawOpen(but: number): number {
    const index = draw();
    if (rows[index * COLUMNS + OPEN] === 1 && index !== but) {
      return index;
    }
    const other = drawAgain(but);
    return other;
  }

  return /** @inlined */ (_key, now) => {
    if (now > group.retryAt || group.ramping > 0) {
      catchUp(group, now);
    }
    const isDrawn = !group.single && total > 0;
    const first = isDrawn ? drawOpen(-1) : -1;
    const second = two && first >= 0 ? drawOpen(first) : first;
    if (first < 0 || second < 0) {
      const index = roundRobin(group, now);
      return index;
    }
    return isBusier(group, second, first) ? first : second;
  };
}
