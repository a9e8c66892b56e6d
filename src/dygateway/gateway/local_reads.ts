import { errorInfo } from "../core/errors.ts";
import { diversionTypes } from "../core/diversion/index.ts";
import type { JsonValue } from "../core/json/value.ts";
import { success } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import type { LevelManifest, RuntimeManifest } from "../core/store/manifest.ts";
import type { Target } from "../core/store/names.ts";
import type { ReadPolicy } from "../core/store/policy_reads.ts";
import { divtypeOfModule } from "../core/store/runtime_changes.ts";
import type { StoredRuntime } from "../core/store/runtime_reads.ts";
import type { ActionAnswer } from "./admin_action.ts";
import { cjson } from "./platform.ts";
import { readChunkText } from "./shared_rules.ts";
import { readHostnames, readManifest, readPosition } from "./shared_state.ts";

/** What this node holds of the store, for reads while the store cannot be reached. */
export type Local<T> = { readonly held: true; readonly value: T } | { readonly held: false };

/** What was read, and what an answer says of where it comes from: nothing where that is the store. */
export interface Known<T> {
  readonly value: T;
  readonly detail: string;
}

/**
 * What the store says; where the store cannot be reached, this node's own. What the node does not hold stays an error.
 */
export function knownHere<T>(read: Result<T>, local: (this: void) => Local<T>): Result<Known<T>> {
  if (read.ok) {
    return success({ value: read.value, detail: "" });
  }
  const held = read.error.code === errorInfo.REDIS_CONNECT_ERROR[0] ? local() : { held: false as const };
  if (!held.held) {
    return read;
  }
  const detail = ` from the local snapshot at revision ${readPosition().revision}: Redis cannot be reached`;
  return success({ value: held.value, detail });
}

/** The same as an answer. */
export function orLocal<T>(
  read: Result<T>,
  local: (this: void) => Local<T>,
  word: (this: void, value: T) => JsonValue,
): Result<ActionAnswer> {
  const known = knownHere(read, local);
  return known.ok ? success({ detail: known.value.detail, data: word(known.value.value) }) : known;
}

export function localRuntime(hostname: string): Local<StoredRuntime | undefined> {
  const manifest = readManifest(hostname);
  return { held: true, value: manifest === undefined ? undefined : storedForm(manifest) };
}

function storedForm(manifest: RuntimeManifest): StoredRuntime {
  return { hostname: manifest.hostname, divsteps: manifest.divsteps, levels: manifest.levels };
}

function findLevel(policyId: string): LevelManifest | undefined {
  for (const hostname of readHostnames()) {
    const level = readManifest(hostname)?.levels.find((candidate) => candidate.policyId === policyId);
    if (level?.rules !== undefined) {
      return level;
    }
  }
  return undefined;
}

/** A policy that a runtime on this node uses; others are not held. */
export function localPolicy(target: Target, pause: Pause): Local<ReadPolicy | undefined> {
  const level = target.id === undefined ? undefined : findLevel(target.id);
  const rules = level?.rules;
  if (level === undefined || rules === undefined) {
    return { held: false };
  }
  const pairs: string[] = [];
  const ipv6: string[] = [];
  for (let number = 0; number < rules.chunks + rules.ipv6Chunks; number++) {
    pause();
    const chunk = cjson.decode(readChunkText(rules.blob, number) ?? "[]")[0] as string[];
    const into = number < rules.chunks ? pairs : ipv6;
    for (const text of chunk) {
      into.push(text);
    }
  }
  const divtype = divtypeOfModule(level.divModulename) ?? "";
  const storage = level.storage ?? diversionTypes[divtype]?.storage ?? "hash";
  const meta = { name: undefined, userinfo: level.userinfo, salt: level.salt };
  return { held: true, value: { divtype, storage, pairs, ipv6, meta } };
}
