import type { HashRounds } from "./by_hash.ts";
import { crc32 } from "./crc32.ts";

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
export const hash: HashRounds = {
  first: shortHash,
  next: (sum, key, round) => sum + shortHash(`${round}${key}`),
  takesEmptyKey: false,
};
