import { setTimeout as pause } from "node:timers/promises";

/** Waits for a condition, asked every 20 ms; false when the time is up first. */
export async function until(condition: () => boolean | Promise<boolean>, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      return false;
    }
    await pause(20);
  }
  return true;
}
