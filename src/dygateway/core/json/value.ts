/**
 * JSON as both runtimes hold it alike: objects keep their keys in order, `null` is a value of its own, and an integer
 * that a double cannot hold exactly keeps its digits.
 */
export type JsonValue = string | number | boolean | JsonValue[] | JsonObject | JsonInteger | JsonNull;

export interface JsonObject {
  readonly kind: "object";
  readonly keys: string[];
  readonly values: JsonValue[];
}

/** An integer of more than 15 digits, as it was written. */
export interface JsonInteger {
  readonly kind: "integer";
  readonly digits: string;
}

export interface JsonNull {
  readonly kind: "null";
}

export const jsonNull: JsonNull = { kind: "null" };

export function isArray(value: JsonValue | undefined): value is JsonValue[] {
  return value !== undefined && typeof value === "object" && !("kind" in value);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value !== undefined && typeof value === "object" && "kind" in value && value.kind === "object";
}

export function isInteger(value: JsonValue | undefined): value is JsonInteger {
  return value !== undefined && typeof value === "object" && "kind" in value && value.kind === "integer";
}

export function field(object: JsonObject, key: string): JsonValue | undefined {
  for (let i = 0; i < object.keys.length; i++) {
    if (object.keys[i] === key) {
      return object.values[i];
    }
  }
  return undefined;
}

/** An object from pairs, in the order given; pairs without a value are left out. */
export function object(pairs: readonly (readonly [string, JsonValue | undefined])[]): JsonObject {
  const keys: string[] = [];
  const values: JsonValue[] = [];
  for (const [key, value] of pairs) {
    if (value !== undefined) {
      keys.push(key);
      values.push(value);
    }
  }
  return { kind: "object", keys, values };
}
