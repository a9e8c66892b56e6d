import type { Storage } from "../diversion/diversion_type.ts";
import { object } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import type { Result } from "../result.ts";
import type { Keys } from "./keys.ts";
import type { LoadedRules } from "./load_rules.ts";
import { MAX_LEVEL_FIELD_LENGTH } from "./runtime_reads.ts";
import type { StoredLevel, StoredRuntime } from "./runtime_reads.ts";

/** Where a level's rules lie in a node's memory: numbered chunks, divdata first, then IPv6. */
export interface RulesPlace {
  readonly blob: string;
  readonly chunks: number;
  readonly ipv6Chunks: number;
  /** Changes when the content does. */
  readonly digest: string;
  readonly entries: number;
  readonly ipv6Entries: number;
}

/** One level of a runtime as a node hands it from the worker that loads to all the others. */
export interface LevelManifest {
  readonly policyId: string;
  readonly divModulename: string;
  readonly divDataKey: string;
  readonly userInfoModulename: string;
  readonly storage?: Storage;
  readonly userinfo?: string;
  readonly salt?: string;
  readonly rules?: RulesPlace;
  /** Why this level cannot be served. */
  readonly problem?: string;
}

export interface RuntimeManifest {
  readonly hostname: string;
  readonly divsteps: number;
  readonly levels: readonly LevelManifest[];
  /** Why the runtime as a whole cannot be served. */
  readonly problem?: string;
}

/**
 * What a stored level and the rules read for it come to.
 *
 * @param loaded undefined where the rules could not be read; `problem` then says why.
 * @returns the level, without the place of its rules.
 */
export function levelManifest(
  keys: Keys,
  level: StoredLevel,
  loaded: LoadedRules | undefined,
  problem: string | undefined,
): LevelManifest {
  const { divModulename, divDataKey, userInfoModulename } = level;
  const base = { policyId: keys.policyIdOf(divDataKey) ?? "", divModulename, divDataKey, userInfoModulename };
  if (divModulename === "" || divDataKey === "" || userInfoModulename === "") {
    const problem = `is missing, or longer than ${MAX_LEVEL_FIELD_LENGTH} bytes`;
    return { ...base, problem: `runtime info in db error: divModulename, divDataKey or userInfoModulename ${problem}` };
  }
  if (loaded === undefined) {
    return { ...base, problem: problem ?? "its rules were not read" };
  }
  const { storage, meta } = loaded;
  return {
    ...base,
    storage,
    ...(meta.userinfo === undefined ? {} : { userinfo: meta.userinfo }),
    ...(meta.salt === undefined ? {} : { salt: meta.salt }),
  };
}

/** The manifest of what was read of a runtime; undefined where there is none. */
export function runtimeManifest(
  hostname: string,
  read: Result<StoredRuntime | undefined>,
  describe: (this: void, level: StoredLevel) => LevelManifest,
): RuntimeManifest | undefined {
  if (!read.ok) {
    return { hostname, divsteps: 0, levels: [], problem: read.error.desc };
  }
  const runtime = read.value;
  return runtime === undefined
    ? undefined
    : { hostname, divsteps: runtime.divsteps, levels: runtime.levels.map((level) => describe(level)) };
}

function levelJson(level: LevelManifest): JsonObject {
  const { rules } = level;
  const place: JsonValue | undefined =
    rules === undefined
      ? undefined
      : object([
          ["blob", rules.blob],
          ["chunks", rules.chunks],
          ["ipv6Chunks", rules.ipv6Chunks],
          ["digest", rules.digest],
          ["entries", rules.entries],
          ["ipv6Entries", rules.ipv6Entries],
        ]);
  return object([
    ["policyId", level.policyId],
    ["divModulename", level.divModulename],
    ["divDataKey", level.divDataKey],
    ["userInfoModulename", level.userInfoModulename],
    ["storage", level.storage],
    ["userinfo", level.userinfo],
    ["salt", level.salt],
    ["rules", place],
    ["problem", level.problem],
  ]);
}

/** The manifest as JSON with its fields in a fixed order, so that equal manifests are equal texts. */
export function manifestJson(manifest: RuntimeManifest): JsonObject {
  return object([
    ["hostname", manifest.hostname],
    ["divsteps", manifest.divsteps],
    ["levels", manifest.levels.map((level) => levelJson(level))],
    ["problem", manifest.problem],
  ]);
}
