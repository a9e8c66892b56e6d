import type { NumberBuffer } from "../buffer.ts";

/**
 * How an address in a list compares with another, without a branch: above 0 where it is greater, 0 where they are the
 * same. Each is three integers, the most significant first.
 * @inlined
 */
export function compareIpv6(addresses: NumberBuffer, at: number, address: NumberBuffer): number {
  const high = Math.min(Math.max(addresses[at * 3]! - address[0]!, -1), 1);
  const middle = Math.min(Math.max(addresses[at * 3 + 1]! - address[1]!, -1), 1);
  const low = Math.min(Math.max(addresses[at * 3 + 2]! - address[2]!, -1), 1);
  return high * 4 + middle * 2 + low;
}

/**
 * A function that finds the first of `size` ascending addresses that is not below one (`size` where there is none). The
 * same search as sortedPosition's, over all of them.
 *
 * @param sorted three numbers each; three more than `size` of them are there, and are written.
 */
export function ipv6Position(sorted: NumberBuffer, size: number): (this: void, address: NumberBuffer) => number {
  sorted[size * 3] = Infinity;

  /** @inlined */
  function step(base: number, width: number, address: NumberBuffer): number {
    const order = compareIpv6(sorted, Math.min(base + width - 1, size), address);
    const below = Math.min(Math.max(-order, 0), 1);
    return base + width * below;
  }

  /** @inlined */
  function within16(from: number, address: NumberBuffer): number {
    const base = step(step(from, 8, address), 4, address);
    const found = step(step(base, 2, address), 1, address);
    return found;
  }

  /** @inlined */
  function within65536(from: number, address: NumberBuffer): number {
    let base = step(step(from, 32768, address), 16384, address);
    base = step(step(base, 8192, address), 4096, address);
    base = step(step(base, 2048, address), 1024, address);
    base = step(step(base, 512, address), 256, address);
    base = step(step(base, 128, address), 64, address);
    const found = within16(step(step(base, 32, address), 16, address), address);
    return found;
  }

  if (size < 16) {
    return /** @inlined */ (address) => {
      const found = within16(0, address);
      return found;
    };
  }
  if (size < 65536) {
    return /** @inlined */ (address) => {
      const found = within65536(0, address);
      return found;
    };
  }
  let top = 65536;
  while (top * 2 <= size) {
    top *= 2;
  }
  return (address) => {
    let base = 0;
    for (let width = top; width >= 65536; width = width / 2) {
      base = step(base, width, address);
    }
    return within65536(base, address);
  };
}
