import { doubles, scratchDoubles, scratchShorts } from "../../buffer.ts";
import type { NumberBuffer } from "../../buffer.ts";
import { utf8Bytes } from "../../json/utf8.ts";
import type { Pause } from "../../result.ts";
import { hostAndPort } from "./address.ts";
import { crc32AndNumber, crc32Register } from "./crc32.ts";

const POINTS_A_WEIGHT = 160;

/** 25,000 of weight: 40 MB. Beyond, every weight gets fewer points, and nginx's other ones. */
const MOST_POINTS = 4000000;

const POINTS_A_SLICE = 4000;
const DIGIT = 2048;
const DIGITS = 3;

/** A name on the ring, and how many points it has there. */
export interface RingServer {
  /** As the upstream's body names it: `10.0.0.1:80`. */
  readonly name: string;
  readonly weight: number;
}

/** Points of a ring in ascending order, all different. */
export interface Ring {
  /** With room for one more, which `sortedPosition` needs. */
  readonly points: NumberBuffer;
  /** The number of its server, for each point. */
  readonly owners: NumberBuffer;
  readonly size: number;
}

/** How many points servers of so much weight have on the ring together; a few more where there are very many. */
export function ringSize(totalWeight: number): number {
  return Math.min(totalWeight * POINTS_A_WEIGHT, MOST_POINTS);
}

/** Points and their owners while they are sorted. */
interface Columns {
  readonly points: NumberBuffer;
  readonly owners: NumberBuffer;
  readonly free: (this: void) => void;
}

function columns(size: number): Columns {
  const points = scratchDoubles(size);
  const owners = scratchShorts(size);
  return {
    points: points.buffer,
    owners: owners.buffer,
    free: () => {
      points.free();
      owners.free();
    },
  };
}

/** What a server's points begin with: its host, a zero byte, its port. */
function seedOf(name: string): number {
  const isUnix = name.slice(0, 5).toLowerCase() === "unix:";
  const { host, port } = hostAndPort(isUnix ? name.slice(5) : name);
  const isHostOnly = isUnix || port === undefined;
  const text = isHostOnly ? `${isUnix ? name.slice(5) : host}\0` : `${host}\0${name.slice(host.length + 1)}`;
  return crc32Register(utf8Bytes(text));
}

/**
 * Sorts by radix, equals in their order: no comparisons, and no piece of it takes long. Frees the columns that it does not
 * return.
 */
function sortByPoint(unsorted: Columns, size: number, pause: Pause): Ring {
  let from = unsorted;
  let into = columns(size + 1);
  let unit = 1;
  for (let digit = 0; digit < DIGITS; digit++) {
    const places = doubles(DIGIT + 1);
    for (let i = 0; i < size; i++) {
      const value = (Math.floor(from.points[i]! / unit) % DIGIT) + 1;
      places[value] = places[value]! + 1;
      if (i % POINTS_A_SLICE === 0) {
        pause();
      }
    }
    for (let value = 1; value < DIGIT; value++) {
      places[value] = places[value]! + places[value - 1]!;
    }
    for (let i = 0; i < size; i++) {
      const value = Math.floor(from.points[i]! / unit) % DIGIT;
      const place = places[value]!;
      places[value] = place + 1;
      into.points[place] = from.points[i]!;
      into.owners[place] = from.owners[i]!;
      if (i % POINTS_A_SLICE === 0) {
        pause();
      }
    }
    const free = from;
    from = into;
    into = free;
    unit *= DIGIT;
  }
  into.free();
  return { points: from.points, owners: from.owners, size };
}

/** Leaves the first of equal points. */
function withoutDoubles(ring: Ring, pause: Pause): Ring {
  const { points, owners } = ring;
  let size = 0;
  for (let i = 0; i < ring.size; i++) {
    if (size === 0 || points[i] !== points[size - 1]) {
      points[size] = points[i]!;
      owners[size] = owners[i]!;
      size++;
    }
    if (i % POINTS_A_SLICE === 0) {
      pause();
    }
  }
  return { points, owners, size };
}

/**
 * The points of nginx's `hash … consistent` and of Cache::Memcached::Fast: 160 a weight, each the CRC-32 of the
 * server's name and the point before. At most 65,536 servers.
 */
export function ketamaRing(servers: readonly RingServer[], pause: Pause): Ring {
  let total = 0;
  for (const server of servers) {
    total += server.weight;
  }
  const share = Math.min(POINTS_A_WEIGHT, MOST_POINTS / Math.max(total, 1));
  let room = 0;
  for (const server of servers) {
    room += Math.max(Math.floor(server.weight * share), 1);
  }
  const unsorted = columns(room + 1);
  const { points, owners } = unsorted;
  let size = 0;
  for (let owner = 0; owner < servers.length; owner++) {
    const { name, weight } = servers[owner]!;
    const seed = seedOf(name);
    const count = Math.max(Math.floor(weight * share), 1);
    let point = 0;
    for (let i = 0; i < count; i++) {
      point = crc32AndNumber(seed, point);
      points[size] = point;
      owners[size] = owner;
      size++;
      if (size % POINTS_A_SLICE === 0) {
        pause();
      }
    }
  }
  return withoutDoubles(sortByPoint(unsorted, size, pause), pause);
}
