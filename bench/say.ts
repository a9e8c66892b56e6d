const started = performance.now();

/** Progress, with the time since the start. */
export function say(line: string): void {
  const seconds = (performance.now() - started) / 1000;
  console.log(`[${seconds.toFixed(1).padStart(6)} s] ${line}`);
}
