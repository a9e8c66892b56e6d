import { target, type SectionReport, type Target } from "../report/section.ts";
import { milliseconds, table, whole } from "../report/table.ts";
import type { Observed } from "../load/observe.ts";

export type EpisodeKind = "quiet" | "upload" | "load";

/** What happened while something else was done. */
export interface Episode extends Observed {
  readonly what: string;
  readonly kind: EpisodeKind;
}

/** Of episodes under load; times in milliseconds but for the first. */
export function episodeTable(episodes: readonly (Observed & { readonly what: string })[]): string {
  const rows = episodes.map(({ what, seconds, load, stallWall, stallCpu }) => [
    what,
    seconds.toFixed(2),
    whole(load.requests),
    String(load.failed),
    load.p50.toFixed(1),
    load.p99.toFixed(1),
    load.max.toFixed(1),
    stallWall.toFixed(1),
    stallCpu.toFixed(1),
  ]);
  return table(["while", "s", "requests", "fail", "p50", "p99", "max", "stop", "CPU"], rows);
}

export function reportLoad(
  uids: number,
  workers: number,
  episodes: readonly Episode[],
  starts: readonly (readonly [what: string, seconds: number])[],
): SectionReport {
  return {
    title: "Uploads, loading and replacing under traffic",
    method:
      `${workers} workers on the machine's CPUs, with Redis, the client and the uploader; about 2,000 requests a second from 16 ` +
      "connections. Times in milliseconds but for `s`. `stop` is the longest time that a worker's event loop stood still, seen " +
      "from inside by a timer of one millisecond: by the clock (others may have had the CPU), and under `CPU` in time that the " +
      "worker itself worked. `policy` is policy_set of the uids, `group` policygroup_set of all three levels, `load` and " +
      "`replace` runtime_set, which is answered when every worker has the change in force.",
    tables: [
      episodeTable(episodes),
      table(["", "seconds"], starts.map(([what, value]) => [what, value.toFixed(2)])),
    ],
    targets: targets(uids, episodes),
  };
}

function targets(uids: number, episodes: readonly Episode[]): Target[] {
  const ofKind = (wanted: EpisodeKind): Episode[] => episodes.filter(({ kind }) => kind === wanted);
  const [[quiet], uploads, loading] = [ofKind("quiet"), ofKind("upload"), ofKind("load")];
  const above = Math.max(...loading.map(({ load }) => load.p99)) - (quiet?.load.p99 ?? NaN);
  const stop = Math.max(...loading.map(({ stallCpu }) => stallCpu));
  const uploadStop = Math.max(...uploads.map(({ stallCpu }) => stallCpu));
  const failed = episodes.reduce((sum, { load }) => sum + load.failed, 0);
  return [
    target("p99 while loading and replacing at most 10 ms above quiet", above, 10, (value) => `${milliseconds(value)} above`),
    target("a worker never stops for more than 10 ms while it loads", stop, 10, milliseconds),
    target("nor while it takes an upload", uploadStop, 10, milliseconds),
    target(`policy_set of ${uids.toLocaleString("en-US")} uids within 10 s`, uploads[0]?.seconds ?? NaN, 10, (value) => `${value.toFixed(2)} s`),
    { wanted: "others are answered meanwhile", measured: `${failed} requests failed`, ratio: failed === 0 ? 0 : Infinity },
  ];
}
