import { printJson } from "../core/json/print.ts";
import { noPause } from "../core/result.ts";
import type { UpstreamManifest } from "../core/store/upstream_manifest.ts";
import { dict } from "./platform.ts";
import { readJson, readText, writeReport } from "./shared_dict.ts";
import type { Entry } from "./shared_dict.ts";

/** Dynamic upstreams in the shared dict: `u:<name>`, and `ups` for their names; see shared_state.ts. */

export interface PublishedUpstream {
  readonly name: string;
  /** The manifest's JSON, or undefined where nothing is to be known of the name any more. */
  readonly manifest: string | undefined;
}

/** Every name with a manifest: upstreams that are served, that are broken, and tombstones. */
export function readUpstreamNames(): string[] {
  return (readJson("ups") as string[] | undefined) ?? [];
}

export function readUpstream(name: string): UpstreamManifest | undefined {
  return readJson(`u:${name}`) as UpstreamManifest | undefined;
}

export function readUpstreamText(name: string): string | undefined {
  return readText(`u:${name}`);
}

/**
 * The part of a step that must be there before it is published.
 * @param names all of them after the step; undefined where they are the same as before.
 */
export function upstreamEntries(changed: readonly PublishedUpstream[], names: string[] | undefined): Entry[] {
  const entries: Entry[] = [];
  for (const { name, manifest } of changed) {
    if (manifest !== undefined) {
      entries.push([`u:${name}`, manifest]);
    }
  }
  if (names !== undefined) {
    entries.push(["ups", printJson(names, noPause)]);
  }
  return entries;
}

/** The part of a step that must stay until it is published. */
export function forgetUpstreams(changed: readonly PublishedUpstream[]): void {
  for (const { name, manifest } of changed) {
    if (manifest === undefined) {
      dict().delete(`u:${name}`);
    }
  }
}

/** How the last writing of upstream.conf went. */
export interface ConfReport {
  /** The revision that the file holds; -1 before it was written. */
  readonly revision: number;
  /** "" where the file holds what is in force. */
  readonly problem: string;
  readonly time: number;
}

export function writeConfReport(report: ConfReport): void {
  writeReport("conf", report);
}

export function readConfReport(): ConfReport | undefined {
  return readJson("conf") as ConfReport | undefined;
}

/** Why the store's upstreams as a whole could not be read; "" for nothing. The leading worker's word. */
export function writeUpstreamsProblem(problem: string): void {
  dict().safe_set("upsproblem", problem);
}

export function readUpstreamsProblem(): string {
  return readText("upsproblem") ?? "";
}
