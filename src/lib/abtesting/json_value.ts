import { jsonNull, object } from "../../dygateway/core/json/value.ts";
import type { JsonValue } from "../../dygateway/core/json/value.ts";

/** A table that cjson decoded, as the core's JSON value. */
export function jsonValue(value: unknown): JsonValue {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  if (typeof value !== "object" || value === null) {
    return jsonNull;
  }
  if (Array.isArray(value)) {
    return value.map((item) => jsonValue(item));
  }
  const table = value as Record<string, unknown>;
  return object(Object.keys(table).map((key) => [key, jsonValue(table[key])] as const));
}
