import { setTimeout as pause } from "node:timers/promises";

/** Does something so many times, one after the other, at this rate: where one took too long, the next follows at once. */
export async function paced(times: number, perSecond: number, work: (number: number) => Promise<void>): Promise<void> {
  const started = performance.now();
  for (let number = 0; number < times; number++) {
    const wait = started + (number / perSecond) * 1000 - performance.now();
    if (wait > 0) {
      await pause(wait);
    }
    await work(number);
  }
}
