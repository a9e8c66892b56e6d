import { printJson } from "../core/json/print.ts";
import { object } from "../core/json/value.ts";
import { noPause } from "../core/result.ts";
import type { RuntimeManifest } from "../core/store/manifest.ts";
import { dict } from "./platform.ts";
import { readJson, readText, writeAll } from "./shared_dict.ts";
import type { Entry } from "./shared_dict.ts";
import { forgetUpstreams, upstreamEntries } from "./shared_upstreams.ts";
import type { PublishedUpstream } from "./shared_upstreams.ts";

/**
 * A node's state as it lies in the shared dict. One worker writes it, all read it:
 *
 *   b:<blob>:<n>   rules, in chunks of a few hundred pairs, JSON arrays; never changed once written
 *   m:<hostname>   a runtime's manifest
 *   hosts          every hostname that has one
 *   u:<name>       an upstream's manifest
 *   ups            the name of every upstream that has one
 *   c:<seq>        hostnames and upstreams that step <seq> changed; kept for a while
 *   writing        the number of the step that is being written, or was last
 *   position       the last step, the store's revision it stands for, its nonce
 *   w:<id>         what worker <id> has in force, and when it last said so
 *   store          whether the store can be reached, and what is wrong with it
 *
 * A step is published by writing `position` and `seq` last. Manifests are overwritten in place before that, hence
 * `writing`, the very first: whoever finds it beyond `position` cannot take what there is for one state (a leader that
 * was killed in the middle leaves it so), and the next step gets a number after it, so that everybody reads again what
 * both of them have touched.
 */
export interface StatePosition {
  readonly seq: number;
  readonly revision: number;
  readonly nonce: string;
  readonly policyIdCount: number;
}

/**
 * How long a worker may take to notice a step before it reads everything anew. Longer is more memory where changes come
 * fast.
 */
const STEP_LIFETIME_SECONDS = 10;

export const noPosition: StatePosition = { seq: 0, revision: 0, nonce: "", policyIdCount: -1 };

export function readPosition(): StatePosition {
  return (readJson("position") as StatePosition | undefined) ?? noPosition;
}

/** The number of the last step, cheaply: this is what every worker asks many times a second. */
export function readSeq(): number {
  const [seq] = dict().get("seq");
  return typeof seq === "number" ? seq : 0;
}

function readWriting(): number {
  const [seq] = dict().get("writing");
  return typeof seq === "number" ? seq : 0;
}

/** Whether a step after this one is being written, or was begun by a leader that did not live to publish it. */
export function isOvertaken(seq: number): boolean {
  return readWriting() > seq;
}

export function readHostnames(): string[] {
  return (readJson("hosts") as string[] | undefined) ?? [];
}

export function readManifest(hostname: string): RuntimeManifest | undefined {
  return (readJson(`m:${hostname}`) as RuntimeManifest | undefined);
}

export function readManifestText(hostname: string): string | undefined {
  return readText(`m:${hostname}`);
}

/** What a step, or several, changed. */
export interface Steps {
  readonly hostnames: readonly string[];
  /** Names of upstreams. */
  readonly upstreams: readonly string[];
}

/** What the steps after `from` up to `to` changed; undefined where that is not on record any more. */
export function readSteps(from: number, to: number): Steps | undefined {
  const hostnames: string[] = [];
  const upstreams: string[] = [];
  for (let seq = from + 1; seq <= to; seq++) {
    const step = readJson(`c:${seq}`) as Steps | undefined;
    if (step === undefined) {
      return undefined;
    }
    for (const hostname of step.hostnames) {
      hostnames.push(hostname);
    }
    for (const name of step.upstreams) {
      upstreams.push(name);
    }
  }
  return { hostnames, upstreams };
}

export interface PublishedRuntime {
  readonly hostname: string;
  /** The manifest's JSON, or undefined where the hostname has no runtime any more. */
  readonly manifest: string | undefined;
}

/** What is to be in force after a step and was not before. */
export interface Step {
  readonly runtimes: readonly PublishedRuntime[];
  /** Every hostname that has a runtime after the step; undefined where they are the same as before. */
  readonly hostnames: string[] | undefined;
  readonly upstreams: readonly PublishedUpstream[];
  /** Every upstream that has a manifest after the step; undefined where they are the same as before. */
  readonly upstreamNames: string[] | undefined;
}

function stepEntries(step: Step, position: StatePosition): Entry[] {
  const entries: Entry[] = [];
  for (const runtime of step.runtimes) {
    if (runtime.manifest !== undefined) {
      entries.push([`m:${runtime.hostname}`, runtime.manifest]);
    }
  }
  if (step.hostnames !== undefined) {
    entries.push(["hosts", printJson(step.hostnames, noPause)]);
  }
  for (const entry of upstreamEntries(step.upstreams, step.upstreamNames)) {
    entries.push(entry);
  }
  const next = object([
    ["seq", position.seq],
    ["revision", position.revision],
    ["nonce", position.nonce],
    ["policyIdCount", position.policyIdCount],
  ]);
  entries.push(["position", printJson(next, noPause)], ["seq", position.seq]);
  return entries;
}

/**
 * Publishes a step: all its runtimes and upstreams, or none of them.
 * @throws when there is no room.
 */
export function publish(step: Step, { revision, nonce, policyIdCount }: Omit<StatePosition, "seq">): void {
  const begun = readWriting();
  const seq = Math.max(readSeq(), begun) + 1;
  const entries = stepEntries(step, { seq, revision, nonce, policyIdCount });
  writeAll([["writing", seq]]);
  const names = object([
    ["hostnames", step.runtimes.map((runtime) => runtime.hostname)],
    ["upstreams", step.upstreams.map((upstream) => upstream.name)],
  ]);
  // Where there is no room for it everybody reads everything.
  dict().safe_set(`c:${seq}`, printJson(names, noPause), STEP_LIFETIME_SECONDS);
  const [written, reason] = pcall(writeAll, entries);
  if (!written) {
    dict().safe_set("writing", begun);
    throw reason;
  }
  for (const runtime of step.runtimes) {
    if (runtime.manifest === undefined) {
      dict().delete(`m:${runtime.hostname}`);
    }
  }
  forgetUpstreams(step.upstreams);
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
