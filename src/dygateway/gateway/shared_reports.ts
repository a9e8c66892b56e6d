import { readJson, writeReport } from "./shared_dict.ts";
import { readSeq } from "./shared_state.ts";

/** What workers say of themselves in the shared dict: `w:<id>`, and the leading one's `store` and `snapshot`. */

export interface WorkerReport {
  readonly id: number;
  readonly pid: number;
  readonly seq: number;
  readonly revision: number;
  readonly time: number;
  readonly brokenLevels: number;
}

export interface StoreReport {
  readonly reachable: boolean;
  readonly problem: string;
  /** Set while the store is known to have lost data and no operator has accepted that. */
  readonly lost: boolean;
  /** Whether direct writes are announced by Redis; else they are looked for. */
  readonly tracking: boolean;
  readonly time: number;
  /** When the state in force was last known to be the store's. */
  readonly confirmed: number;
}

export function writeWorkerReport(report: WorkerReport): void {
  writeReport(`w:${report.id}`, report);
}

export function readWorkerReports(): WorkerReport[] {
  const reports: WorkerReport[] = [];
  for (let id = 0; id < ngx.worker.count(); id++) {
    const report = (readJson(`w:${id}`) as WorkerReport | undefined);
    if (report !== undefined) {
      reports.push(report);
    }
  }
  return reports;
}

/** A worker that has not followed for so long is stuck, and nothing waits for it. */
export const STUCK_SECONDS = 10;

/** The step that every worker which is not stuck has reached. */
export function slowestSeq(): number {
  let slowest = readSeq();
  for (const worker of readWorkerReports()) {
    if (ngx.now() - worker.time < STUCK_SECONDS && worker.seq < slowest) {
      slowest = worker.seq;
    }
  }
  return slowest;
}

export function writeStoreReport(report: StoreReport): void {
  writeReport("store", report);
}

export function readStoreReport(): StoreReport | undefined {
  return readJson("store") as StoreReport | undefined;
}

/**
 * Whether what is published was the store's since nginx started. Until then it comes from the snapshot, and the files on
 * disk, written one after the other, may be newer than that: they are not to be written.
 */
export function wasConfirmed(): boolean {
  return (readStoreReport()?.confirmed ?? 0) > 0;
}

/** How the last writing of the snapshot files went. */
export interface SnapshotReport {
  readonly dir: string;
  /** The revision that was written; -1 where it could not be. */
  readonly revision: number;
  /** The step that was written: direct writes to Redis are steps, too, and have no revision of their own. */
  readonly seq: number;
  readonly problem: string;
  readonly time: number;
}

export function writeSnapshotReport(report: SnapshotReport): void {
  writeReport("snapshot", report);
}

export function readSnapshotReport(): SnapshotReport | undefined {
  return readJson("snapshot") as SnapshotReport | undefined;
}
