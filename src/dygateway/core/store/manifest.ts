import type { Storage } from "../diversion/diversion_type.ts";
import { object } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";

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
