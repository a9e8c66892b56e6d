import { COLUMNS, CURRENT, EFFECTIVE, FAILS, OPEN, WEIGHT } from "./peer.ts";
import type { PeerGroup } from "./peer.ts";
import { catchUp } from "./state.ts";
import { leaveTape, record } from "./tape.ts";

/** Closed peers that a strategy of another kind looks at until it leaves the choice to round robin; nginx's number. */
export const MOST_MISSES = 20;

/**
 * Smooth weighted round robin as nginx has it (ngx_http_upstream_round_robin.c): every peer that may be chosen gains its
 * effective weight, the one with most wins, the first of equals, and pays the sum of all gains. An effective weight
 * that failures have lowered comes back by one a choice.
 */
function chooseLive(group: PeerGroup): number {
  const { rows, end } = group;
  let best = -1;
  let most = 0;
  let total = 0;
  let isSettled = group.ramping === 0;
  for (let row = 0; row < end; row += COLUMNS) {
    if (rows[row + OPEN] === 1) {
      const effective = rows[row + EFFECTIVE]!;
      const weight = rows[row + WEIGHT]!;
      const current = rows[row + CURRENT]! + effective;
      rows[row + CURRENT] = current;
      total += effective;
      if (effective < weight) {
        rows[row + EFFECTIVE] = Math.min(effective + 1, weight);
        isSettled = false;
      }
      if (rows[row + FAILS]! > 0) {
        isSettled = false;
      }
      if (best < 0 || current > most) {
        best = row;
        most = current;
      }
    }
  }
  if (best < 0) {
    return -1;
  }
  rows[best + CURRENT] = most - total;
  const index = best / COLUMNS;
  if (isSettled) {
    record(group, index);
  } else {
    leaveTape(group);
  }
  return index;
}

/**
 * The index of the next peer, -1 when none may be chosen.
 * @inlined
 */
export function roundRobin(group: PeerGroup, now: number): number {
  if (group.replaying && now <= group.retryAt) {
    const position = group.position;
    const next = position + 1;
    group.position = next < group.period ? next : 0;
    return group.tape![position]!;
  }
  // Time has passed: whatever it brings leaves the tape, and nothing else does.
  catchUp(group, now);
  if (group.replaying) {
    leaveTape(group);
  }
  const index = chooseLive(group);
  return index;
}
