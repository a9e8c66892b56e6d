import { printJson } from "../core/json/print.ts";
import { object } from "../core/json/value.ts";
import { noPause } from "../core/result.ts";
import type { Pause } from "../core/result.ts";
import type { RulesPlace, RuntimeManifest } from "../core/store/manifest.ts";
import { cjson, dict } from "./platform.ts";

/**
 * A node's state as it lies in the shared dict. One worker writes it, all read it:
 *
 *   b:<blob>:<n>   rules, in chunks of a few hundred pairs, JSON arrays; never changed once written
 *   m:<hostname>   a runtime's manifest
 *   hosts          every hostname that has one
 *   c:<seq>        hostnames that step <seq> changed; kept for a while
 *   position       the last step, the store's revision it stands for, its nonce
 *   w:<id>         what worker <id> has in force, and when it last said so
 *   store          whether the store can be reached, and what is wrong with it
 *
 * A step is published by writing `position` last: until then nobody looks at what was written before it.
 */
export interface StatePosition {
  readonly seq: number;
  readonly revision: number;
  readonly nonce: string;
  readonly policyIdCount: number;
}

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

/** How long a worker may take to notice a step before it reads everything anew. */
const STEP_LIFETIME_SECONDS = 60;

export const noPosition: StatePosition = { seq: 0, revision: 0, nonce: "", policyIdCount: -1 };

/** What was written as JSON under a key; undefined where there is nothing. */
function readJson(key: string): unknown {
  const [text] = dict().get(key);
  return typeof text === "string" ? cjson.decode(text)[0] : undefined;
}

function noRoom(reason: string | undefined): string {
  return `the shared dict has no room (${reason ?? "?"}): make lua_shared_dict dygateway larger`;
}

/**
 * Never in the place of something else: plain `set` would drop rules that are in force to make room for a report.
 * @throws when the shared dict has no room: half a state must never be published.
 */
function write(key: string, value: string | number): void {
  const [stored, reason] = dict().safe_set(key, value);
  if (stored !== true) {
    throw noRoom(reason);
  }
}

export function readPosition(): StatePosition {
  return (readJson("position") as StatePosition | undefined) ?? noPosition;
}

/** The number of the last step, cheaply: this is what every worker asks many times a second. */
export function readSeq(): number {
  const [seq] = dict().get("seq");
  return typeof seq === "number" ? seq : 0;
}

export function readHostnames(): string[] {
  return (readJson("hosts") as string[] | undefined) ?? [];
}

export function readManifest(hostname: string): RuntimeManifest | undefined {
  return (readJson(`m:${hostname}`) as RuntimeManifest | undefined);
}

export function readManifestText(hostname: string): string | undefined {
  const [text] = dict().get(`m:${hostname}`);
  return typeof text === "string" ? text : undefined;
}

/** The hostnames that the steps after `from` up to `to` changed; undefined where that is not on record any more. */
export function readSteps(from: number, to: number): string[] | undefined {
  const hostnames: string[] = [];
  for (let seq = from + 1; seq <= to; seq++) {
    const step = (readJson(`c:${seq}`) as string[] | undefined);
    if (step === undefined) {
      return undefined;
    }
    for (const hostname of step) {
      hostnames.push(hostname);
    }
  }
  return hostnames;
}

export interface PublishedRuntime {
  readonly hostname: string;
  /** The manifest's JSON, or undefined where the hostname has no runtime any more. */
  readonly manifest: string | undefined;
}

/**
 * Publishes a step: all its runtimes, or, when there is no room, none of them.
 * @param hostnames every hostname that has a runtime after the step; undefined where they are the same as before.
 */
export function publish(
  changed: readonly PublishedRuntime[],
  hostnames: string[] | undefined,
  position: Omit<StatePosition, "seq">,
): void {
  const seq = readSeq() + 1;
  for (const runtime of changed) {
    if (runtime.manifest !== undefined) {
      write(`m:${runtime.hostname}`, runtime.manifest);
    }
  }
  if (hostnames !== undefined) {
    write("hosts", printJson(hostnames, noPause));
  }
  const names = printJson(changed.map((runtime) => runtime.hostname), noPause);
  dict().safe_set(`c:${seq}`, names, STEP_LIFETIME_SECONDS);
  const next = object([
    ["seq", seq],
    ["revision", position.revision],
    ["nonce", position.nonce],
    ["policyIdCount", position.policyIdCount],
  ]);
  write("position", printJson(next, noPause));
  write("seq", seq);
  for (const runtime of changed) {
    if (runtime.manifest === undefined) {
      dict().delete(`m:${runtime.hostname}`);
    }
  }
}

/** The next name for a blob; unlike any other of this dict's life. */
export function newBlobName(): string {
  const [number] = dict().incr("blobs", 1, 0);
  return `${number ?? 0}`;
}

/** @returns why there is no room for it, if so. */
export function writeChunk(blob: string, number: number, chunk: string): string | undefined {
  const [stored, reason] = dict().safe_set(`b:${blob}:${number}`, chunk);
  return stored === true ? undefined : noRoom(reason);
}

export function readChunkText(blob: string, number: number): string | undefined {
  const [text] = dict().get(`b:${blob}:${number}`);
  return typeof text === "string" ? text : undefined;
}

export function deleteBlob(blob: string, chunks: number): void {
  for (let number = 0; number < chunks; number++) {
    dict().delete(`b:${blob}:${number}`);
  }
}

/** Deletes the chunks of all other blobs. Locks the dict for milliseconds where there are tens of thousands of keys. */
export function deleteOtherBlobs(isKept: (this: void, blob: string) => boolean, pause: Pause): void {
  for (const key of dict().get_keys(0)) {
    const [blob] = string.match(key, "^b:(%d+):%d+$");
    if (blob !== undefined && !isKept(blob)) {
      dict().delete(key);
    }
    pause();
  }
}

export function chunksOf(place: RulesPlace): number {
  return place.chunks + place.ipv6Chunks;
}

export function writeWorkerReport(report: WorkerReport): void {
  dict().safe_set(`w:${report.id}`, cjson.encode(report)[0] ?? "");
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

export function writeStoreReport(report: StoreReport): void {
  dict().safe_set("store", cjson.encode(report)[0] ?? "");
}

export function readStoreReport(): StoreReport | undefined {
  return readJson("store") as StoreReport | undefined;
}

/** How the last writing of the snapshot files went. */
export interface SnapshotReport {
  /** The revision that was written; -1 where it could not be. */
  readonly revision: number;
  readonly problem: string;
  readonly time: number;
}

export function writeSnapshotReport(report: SnapshotReport): void {
  dict().safe_set("snapshot", cjson.encode(report)[0] ?? "");
}

export function readSnapshotReport(): SnapshotReport | undefined {
  return readJson("snapshot") as SnapshotReport | undefined;
}

const ACCEPT_SECONDS = 10;

/** An operator's word that what the store has lost may be forgotten. */
export function acceptLoss(): void {
  dict().safe_set("accept", 1, ACCEPT_SECONDS);
}

export function takeAcceptance(): boolean {
  const [accepted] = dict().get("accept");
  if (accepted !== undefined) {
    dict().delete("accept");
  }
  return accepted !== undefined;
}
