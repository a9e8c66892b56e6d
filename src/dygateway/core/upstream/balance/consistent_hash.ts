import { sortedPosition } from "../../diversion/sorted_position.ts";
import { lookup } from "../../lookup.ts";
import type { Lookup } from "../../lookup.ts";
import type { Pause } from "../../result.ts";
import type { Server, Upstream } from "../model.ts";
import { crc32 } from "./crc32.ts";
import { ketamaRing, ringSize } from "./ketama.ts";
import type { RingServer } from "./ketama.ts";
import { COLUMNS, CURRENT, EFFECTIVE, OPEN, WEIGHT } from "./peer.ts";
import type { PeerGroup } from "./peer.ts";
import { MOST_MISSES, roundRobin } from "./round_robin.ts";
import { catchUp } from "./state.ts";
import type { Choose } from "./strategies.ts";
import { leaveTape } from "./tape.ts";

/** The peers of each name on the ring, as rows: a server that is a DNS name has several. */
interface Names {
  readonly onRing: RingServer[];
  readonly rows: number[][];
}

function namesOf(servers: readonly Server[]): Names {
  const numbers: Lookup<number> = lookup();
  const onRing: RingServer[] = [];
  const rows: number[][] = [];
  for (let i = 0; i < servers.length; i++) {
    const { address, weight } = servers[i]!;
    const known = numbers[address];
    if (known === undefined) {
      numbers[address] = onRing.length;
      onRing.push({ name: address, weight });
      rows.push([i * COLUMNS]);
    } else {
      rows[known]!.push(i * COLUMNS);
      onRing[known] = { name: address, weight: Math.max(onRing[known]!.weight, weight) };
    }
  }
  return { onRing, rows };
}

/** About how many points are on the ring of an upstream; 0 where it has none. */
export function ringPoints({ balance, servers }: Upstream): number {
  let weight = 0;
  if (balance.kind === "hash" && balance.consistent) {
    for (const server of servers) {
      weight += server.weight;
    }
  }
  return ringSize(weight);
}

/** One step of smooth weighted round robin among the open peers of one name; -1 when there is none. */
function takeTurns(group: PeerGroup, own: readonly number[]): number {
  const { rows } = group;
  let best = -1;
  let total = 0;
  leaveTape(group);
  for (const row of own) {
    if (rows[row + OPEN] === 1) {
      const effective = rows[row + EFFECTIVE]!;
      rows[row + CURRENT] = rows[row + CURRENT]! + effective;
      total += effective;
      if (effective < rows[row + WEIGHT]!) {
        rows[row + EFFECTIVE] = Math.min(effective + 1, rows[row + WEIGHT]!);
      }
      if (best < 0 || rows[row + CURRENT]! > rows[best + CURRENT]!) {
        best = row;
      }
    }
  }
  if (best >= 0) {
    rows[best + CURRENT] = rows[best + CURRENT]! - total;
  }
  return best;
}

/**
 * nginx's `hash … consistent` (ngx_http_upstream_hash_module.c): the same points, so the same peers. A point whose server
 * may not be chosen passes on to the next; peers that are down keep their points.
 */
export function consistentHash(group: PeerGroup, servers: readonly Server[], pause: Pause): Choose {
  const { rows } = group;
  const names = namesOf(servers);
  const { points, owners, size } = ketamaRing(names.onRing, pause);
  const find = sortedPosition(points, size, pause);

  /** @inlined */
  function rowAt(position: number): number {
    const own = names.rows[owners[position % size]!]!;
    const first = own[0]!;
    const isAlone = own.length === 1;
    if (isAlone && rows[first + OPEN] === 1 && rows[first + EFFECTIVE] === rows[first + WEIGHT]) {
      // Alone it would gain its weight and pay it at once.
      return first;
    }
    const row = takeTurns(group, own);
    return row;
  }

  function lookFurther(position: number, now: number): number {
    for (let misses = 1; misses <= MOST_MISSES; misses++) {
      const row = rowAt(position + misses);
      if (row >= 0) {
        return row / COLUMNS;
      }
    }
    const index = roundRobin(group, now);
    return index;
  }

  return /** @inlined */ (key, now) => {
    if (group.single || size === 0 || key === "") {
      const index = roundRobin(group, now);
      return index;
    }
    if (now > group.retryAt) {
      catchUp(group, now);
    }
    const position = find(crc32(key));
    const row = rowAt(position);
    if (row >= 0) {
      return row / COLUMNS;
    }
    const other = lookFurther(position, now);
    return other;
  };
}
