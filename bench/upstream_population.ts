import type { Redis } from "ioredis";
import { BenchError } from "./settings.ts";

/** Many upstreams, made up by arithmetic. Nobody listens at their servers but at those of the last one. */
export interface UpstreamPopulation {
  readonly count: number;
  readonly serversEach: number;
  readonly port: number;
}

const hosts = 250;

export function upstreamName(index: number): string {
  return `u${index}`;
}

/** All servers of all upstreams are different, as those of a real site. */
export function upstreamServer({ serversEach }: UpstreamPopulation, index: number, server: number): string {
  const number = index * serversEach + server;
  return `127.${100 + Math.floor(number / hosts / hosts)}.${Math.floor(number / hosts) % hosts}.${(number % hosts) + 1}`;
}

export function serversBody(addresses: readonly string[], weight = 1): string {
  return addresses.map((address) => `server ${address} weight=${weight};`).join(" ");
}

/** Writes them all straight into Redis, as somebody might by hand. @param last the servers of the last one, `host:port`. */
export async function fillUpstreams(client: Redis, key: string, population: UpstreamPopulation, last: readonly string[], weight: number): Promise<void> {
  const { count, serversEach, port } = population;
  const page = 100;
  for (let from = 0; from < count; from += page) {
    const pipeline = client.pipeline();
    for (let index = from; index < Math.min(from + page, count); index++) {
      const addresses = Array.from({ length: serversEach }, (_, server) => `${upstreamServer(population, index, server)}:${port}`);
      pipeline.hset(key, upstreamName(index), serversBody(index === count - 1 ? last : addresses, weight));
    }
    const failed = (await pipeline.exec())?.find(([error]) => error !== null);
    if (failed !== undefined) {
      throw new BenchError(`Redis refused: ${String(failed[0])}`);
    }
  }
}
