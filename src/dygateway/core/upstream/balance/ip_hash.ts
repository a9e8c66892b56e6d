import { codeAt } from "../../native.ts";
import type { Server } from "../model.ts";
import { COLUMNS, OPEN } from "./peer.ts";
import type { Peer, PeerGroup } from "./peer.ts";
import { MOST_MISSES, roundRobin } from "./round_robin.ts";
import { catchUp } from "./state.ts";
import type { Choose } from "./strategies.ts";
import { weightTable } from "./weight_table.ts";

const START = 89;
const MULTIPLIER = 113;
const MODULUS = 6271;

/**
 * Four bytes of an address, from a place that is counted from 1.
 * @inlined
 */
function fourBytes(hash: number, address: string, from: number): number {
  const one = (hash * MULTIPLIER + codeAt(address, from)) % MODULUS;
  const two = (one * MULTIPLIER + codeAt(address, from + 1)) % MODULUS;
  const three = (two * MULTIPLIER + codeAt(address, from + 2)) % MODULUS;
  return (three * MULTIPLIER + codeAt(address, from + 3)) % MODULUS;
}

/**
 * One more round over the bytes of an address: three of IPv4, all of IPv6, and zeros for a client without address.
 * @inlined
 */
function further(hash: number, address: string): number {
  if (address.length === 16) {
    const half = fourBytes(fourBytes(hash, address, 1), address, 5);
    const whole = fourBytes(fourBytes(half, address, 9), address, 13);
    return whole;
  }
  const isIpv4 = address.length === 4;
  const first = isIpv4 ? codeAt(address, 1) : 0;
  const second = isIpv4 ? codeAt(address, 2) : 0;
  const third = isIpv4 ? codeAt(address, 3) : 0;
  const once = (hash * MULTIPLIER + first) % MODULUS;
  const twice = (once * MULTIPLIER + second) % MODULUS;
  return (twice * MULTIPLIER + third) % MODULUS;
}

/** nginx's ip_hash (ngx_http_upstream_ip_hash_module.c): a client's network keeps its peer while that may be chosen. */
export function ipHash(group: PeerGroup, servers: readonly Server[]): Choose {
  const { rows } = group;
  const { total, at } = weightTable(servers);

  /**
   * The rounds after one that found a closed peer. A peer that this request has had was no miss when it was found: the
   * rounds are those that nginx would have remembered.
   */
  function lookFurther(address: string, found: number, now: number, tried: readonly Peer[]): number {
    let hash = found;
    let had = group.peers[at(found % total)] === tried[0] ? 1 : 0;
    let misses = 1 - had;
    while (misses <= MOST_MISSES) {
      hash = further(hash, address);
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

  return /** @inlined */ (address, now, tried) => {
    if (group.single || total === 0) {
      const index = roundRobin(group, now);
      return index;
    }
    if (now > group.retryAt) {
      catchUp(group, now);
    }
    const hash = further(START, address);
    const index = at(hash % total);
    if (rows[index * COLUMNS + OPEN] === 1) {
      return index;
    }
    const other = lookFurther(address, hash, now, tried);
    return other;
  };
}
