import type { Site } from "../stand/gateway.ts";
import type { RedisServer } from "../stand/redis.ts";
import type { Pinning } from "../stand/stand.ts";
import type { BenchSettings } from "../settings.ts";

/** What a section is given to measure with. */
export interface Bench {
  readonly settings: BenchSettings;
  readonly site: Site;
  readonly redis: RedisServer;
  readonly pins: Pinning;
}

/** A figure that the issue asks for, and whether it was met. */
export interface Target {
  readonly wanted: string;
  readonly measured: string;
  /** Above 1 by as much as it was missed. */
  readonly ratio: number;
}

export interface SectionReport {
  readonly title: string;
  /** How it was measured, and what else a reader must know; plain sentences. */
  readonly method: string;
  /** Tables of at most 80 columns. */
  readonly tables: readonly string[];
  readonly targets: readonly Target[];
}

/** @param most the largest value that still meets the target. */
export function target(wanted: string, value: number, most: number, show: (value: number) => string): Target {
  return { wanted, measured: show(value), ratio: value / most };
}
