import { setTimeout as pause } from "node:timers/promises";

const LOOK_MS = 15;

/**
 * Looks again and again until `look` answers true; what it throws counts as not yet.
 *
 * @param milliseconds the deadline; what was seen last is in the error.
 */
export async function until(what: string, look: () => Promise<boolean> | boolean, milliseconds = 5000): Promise<void> {
  const deadline = performance.now() + milliseconds;
  let last: unknown = "it was not so";
  for (;;) {
    try {
      if (await look()) {
        return;
      }
      last = "it was not so";
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${milliseconds} ms until ${what}`, { cause: last });
    }
    await pause(LOOK_MS);
  }
}
