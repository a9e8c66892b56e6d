import type { Server } from "../model.ts";
import { crc32 } from "./crc32.ts";
import { COLUMNS, OPEN } from "./peer.ts";
import type { Peer, PeerGroup } from "./peer.ts";
import { MOST_MISSES, roundRobin } from "./round_robin.ts";
import { catchUp } from "./state.ts";
import type { Choose } from "./strategies.ts";
import { weightTable } from "./weight_table.ts";

/**
 * Fifteen bits, as Cache::Memcached takes them.
 * @inlined
 */
function shortHash(text: string): number {
  return Math.floor(crc32(text) / 65536) % 32768;
}

/**
 * nginx's `hash` without `consistent` (ngx_http_upstream_hash_module.c): each further look adds the hash of its number
 * before the key.
 */
export function hash(group: PeerGroup, servers: readonly Server[]): Choose {
  const { rows } = group;
  const { total, at } = weightTable(servers);

  /** See ip_hash.ts. */
  function lookFurther(key: string, found: number, now: number, tried: readonly Peer[]): number {
    let sum = found;
    let had = group.peers[at(found % total)] === tried[0] ? 1 : 0;
    let misses = 1 - had;
    while (misses <= MOST_MISSES) {
      sum += shortHash(`${misses + had}${key}`);
      const index = at(sum % total);
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
    if (group.single || total === 0 || key === "") {
      const index = roundRobin(group, now);
      return index;
    }
    if (now > group.retryAt) {
      catchUp(group, now);
    }
    const sum = shortHash(key);
    const index = at(sum % total);
    if (rows[index * COLUMNS + OPEN] === 1) {
      return index;
    }
    const other = lookFurther(key, sum, now, tried);
    return other;
  };
}
