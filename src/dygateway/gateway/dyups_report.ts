import { jsonNull, object } from "../core/json/value.ts";
import type { JsonValue } from "../core/json/value.ts";
import { sortedKeys } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { thisNode } from "./node_settings.ts";
import { readJson, writeReport } from "./shared_dict.ts";

/** How the gateway with the module agrees with this node; the leading worker's word. */
export interface DyupsReport {
  readonly way: string;
  /** Whether all of it was as it should be when it was looked at last. */
  readonly inStep: boolean;
  /** The revision that it was compared with. */
  readonly revision: number;
  /** Upstreams that it should have. */
  readonly count: number;
  /** Why it could not be asked or told; "" for nothing. */
  readonly problem: string;
  readonly differenceCount: number;
  /** The first of them. */
  readonly differences: readonly string[];
  /** Parts of definitions that it cannot be told, with some of the upstreams that have them. */
  readonly unknown: Lookup<readonly string[]>;
  readonly time: number;
}

const KEY = "dyups";

export function writeDyupsReport(report: DyupsReport): void {
  writeReport(KEY, report);
}

/** What `status` says of it; null with the other engine. */
export function dyupsStatus(): JsonValue {
  const { upstreams } = thisNode().settings;
  if (upstreams?.engine !== "dyups") {
    return jsonNull;
  }
  const report = readJson(KEY) as DyupsReport | undefined;
  if (report === undefined) {
    return object([["url", upstreams.dyupsUrl], ["in_step", false], ["problem", "not looked at yet"]]);
  }
  const unknown = sortedKeys(report.unknown).map((what): [string, JsonValue] => [what, [...report.unknown[what]!]]);
  return object([
    ["url", upstreams.dyupsUrl],
    ["driven_by", report.way],
    ["in_step", report.inStep],
    ["revision", report.revision],
    ["count", report.count],
    ["problem", report.problem],
    ["difference_count", report.differenceCount],
    ["differences", [...report.differences]],
    ["not_told", object(unknown)],
    ["looked_ms_ago", Math.max(Math.floor((ngx.now() - report.time) * 1000), 0)],
  ]);
}
