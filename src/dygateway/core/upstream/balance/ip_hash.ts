import { codeAt } from "../../native.ts";
import type { HashRounds } from "./by_hash.ts";

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

/** nginx's ip_hash (ngx_http_upstream_ip_hash_module.c): a client's network keeps its peer. */
export const ipHash: HashRounds = {
  first: /** @inlined */ (address) => {
    const hash = further(START, address);
    return hash;
  },
  next: further,
  takesEmptyKey: true,
};
