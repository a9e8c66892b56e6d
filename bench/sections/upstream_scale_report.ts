import type { Observed } from "../load/observe.ts";
import { target, type SectionReport } from "../report/section.ts";
import { megabytes, milliseconds, table, whole } from "../report/table.ts";
import { percentile } from "../statistics.ts";
import { episodeTable } from "./load_report.ts";

export interface Sizes {
  readonly count: number;
  readonly serversEach: number;
  readonly big: number;
  readonly workers: number;
}

export interface Start {
  readonly what: string;
  /** Seconds to the first right answer, and until each worker had given one. */
  readonly first: number;
  readonly all: number;
}

/** What the upstreams have added, in bytes. */
export interface WorkerMemory {
  readonly what: string;
  readonly own: number;
  readonly resident: number;
  /** Of the worker that reads Redis. */
  readonly leader: number;
}

/** Milliseconds from the call until every worker had the change: of that node, and of all three. */
export interface ChangeTimes {
  readonly what: string;
  readonly node: readonly number[];
  readonly cluster: readonly number[];
}

/** `big`: of the upstream with many servers; `all`: of all the others. */
export interface BigChange extends Observed {
  readonly what: string;
  readonly kind: "quiet" | "big" | "all";
}

export function reportUpstreamScale(
  { count, serversEach, big, workers }: Sizes,
  starts: readonly Start[],
  memory: readonly WorkerMemory[],
  changes: readonly ChangeTimes[],
  bigs: readonly BigChange[],
): SectionReport {
  const times = (values: readonly number[]): string[] => [0.5, 0.99, 1].map((share) => percentile(values, share).toFixed(1));
  const worst = (of: (change: ChangeTimes) => readonly number[]): number => Math.max(...changes.map((change) => percentile(of(change), 0.99)));
  const stop = (kind: BigChange["kind"]): number => Math.max(...bigs.filter((change) => change.kind === kind).map(({ stallCpu }) => stallCpu));
  const stopText = (kind: BigChange["kind"]) => (cpu: number): string => {
    const wall = Math.max(...bigs.filter((change) => change.kind === kind).map(({ stallWall }) => stallWall));
    return `${milliseconds(cpu)} of CPU (${milliseconds(wall)} by the clock)`;
  };
  const failed = bigs.reduce((sum, { load }) => sum + load.failed, 0);
  return {
    title: `Balancing: ${whole(count)} upstreams of ${serversEach} servers, and one of ${whole(big)}`,
    method:
      `Three nodes of ${workers} workers each, with Redis, the servers and the client on the machine's CPUs. Seconds are from the start of nginx to the ` +
      "first right answer for the last upstream, and until every worker had given one. Memory is what a worker has more than one " +
      "without upstreams, after some traffic; `started again` includes what nginx itself makes of the upstream.conf that was written. A change " +
      "is set_peer_weight of one server on the first node: from the call until its answer, which comes when all workers of the node have " +
      "it, and until all workers of all three nodes report it, asked for again and again. " +
      `The last table is what requests notice while only the first node runs, 2,000 a second from 16 connections, to the upstream of ${whole(big)} servers: it is set whole ` +
      "by a posted body, edited, half of its servers replaced, turned from round robin to `hash … consistent` and edited again; then all " +
      "other upstreams are rewritten in Redis by hand. Times in milliseconds but for `s`; `stop` is the longest time that a worker's event loop stood still, by the clock (others may " +
      "have had the CPU), and under `CPU` in time that the worker itself worked.",
    tables: [
      table(["seconds to serve", "first answer", "every worker"], starts.map(({ what, first, all }) => [what, first.toFixed(2), all.toFixed(2)])),
      table(
        ["memory of a worker", "own", "RSS", "own, reads Redis"],
        memory.map(({ what, own, resident, leader }) => [what, megabytes(own), megabytes(resident), megabytes(leader)]),
      ),
      table(
        ["change → workers, ms", "p50", "p99", "most", "p50 of 3", "p99 of 3", "most of 3"],
        changes.map(({ what, node, cluster }) => [`${what}, ${node.length}`, ...times(node), ...times(cluster)]),
      ),
      episodeTable(bigs),
    ],
    targets: [
      target("change → every worker, p99 at most 100 ms", worst(({ node }) => node), 100, milliseconds),
      target("change → every worker of three nodes, p99 at most 200 ms", worst(({ cluster }) => cluster), 200, milliseconds),
      target(`no worker stops for more than 10 ms for a change of ${whole(big)} servers`, stop("big"), 10, stopText("big")),
      target(`nor while it takes over ${whole(count)} upstreams anew`, stop("all"), 10, stopText("all")),
      { wanted: "requests are answered meanwhile", measured: `${failed} requests failed`, ratio: failed === 0 ? 0 : Infinity },
    ],
  };
}
