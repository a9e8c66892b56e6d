import { median } from "./statistics.ts";

/** Seconds: the median of so many runs, one after the other. */
export async function timed(rounds: number, work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    await work();
    times.push((performance.now() - started) / 1000);
  }
  return median(times);
}
