import type { Pause } from "../result.ts";

/**
 * JSON as both runtimes hold it alike: objects keep their keys in order, `null` is a value of its own, and an integer
 * that a double cannot hold exactly keeps its digits.
 */
export type JsonValue = string | number | boolean | JsonValue[] | JsonObject | JsonInteger | JsonNull | JsonList;

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

/**
 * A long array that stays text: a million values in memory at once would hold up whoever shares the process with them.
 * Only a parser that was asked to makes any.
 */
export interface JsonList {
  readonly kind: "list";
  readonly length: number;
  /** Reads the array anew: each call of what it returns gives the next value. */
  readonly open: (this: void, pause: Pause) => NextValue;
}

/** @returns the next value; to be called as often as there are values, and no more. */
export type NextValue = (this: void) => JsonValue;

/** An array, however it is held. */
export type JsonArray = JsonValue[] | JsonList;

export const jsonNull: JsonNull = { kind: "null" };

export function isArray(value: JsonValue | undefined): value is JsonValue[] {
  return value !== undefined && typeof value === "object" && !("kind" in value);
}

/** The same, also of one that stays text. */
export function isAnyArray(value: JsonValue | undefined): value is JsonArray {
  return value !== undefined && typeof value === "object" && (!("kind" in value) || value.kind === "list");
}

/** How many values an array has. The two kinds of array say so each in its own way in Lua. */
export function arrayLength(values: JsonArray): number {
  return "kind" in values ? values.length : values.length;
}

/** The values of an array, one after the other, however it is held. */
export function openArray(values: JsonArray, pause: Pause): NextValue {
  if ("kind" in values) {
    return values.open(pause);
  }
  let taken = 0;
  return () => {
    taken++;
    return values[taken - 1]!;
  };
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
