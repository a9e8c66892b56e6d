import { expect } from "vitest";
import type { Cluster } from "./cluster.ts";

/** What nginx and Lua write when code of ours breaks, or a worker does. */
const faults = [
  /attempt to (index|call|perform|compare|concatenate|get|yield)/,
  /stack traceback/,
  /lua entry thread aborted/,
  /runtime error/,
  /bad argument #/,
  /exited on signal/,
  /\[(alert|emerg)\]/,
  /\.lua:\d+: (?!log)/,
];

const SHOWN = 5;
const LENGTH = 500;

/**
 * Fails where the error log has a Lua traceback or the end of a worker.
 * @param expected parts of lines that a test has brought about.
 */
export function expectNoFaults(cluster: Cluster, because: string, expected: readonly string[] = []): void {
  const lines = cluster.gateway.errorLog().split("\n").filter((line) => !expected.some((part) => line.includes(part)));
  const found = lines.filter((line) => faults.some((fault) => fault.test(line))).map((line) => line.slice(0, LENGTH));
  expect(found.slice(0, SHOWN), `${because}: ${found.length} faults in the error log`).toEqual([]);
}

interface WorkerStatus {
  readonly pid: number;
  readonly alive: boolean;
}

/** The workers that are alive, by process. */
export async function workerPids(cluster: Cluster): Promise<number[]> {
  const { data } = await cluster.done("status");
  return (data.workers as WorkerStatus[]).filter(({ alive }) => alive).map(({ pid }) => pid).sort((a, b) => a - b);
}
