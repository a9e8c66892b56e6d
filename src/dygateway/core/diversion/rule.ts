import { integerText, isDecimal, MAX_EXACT_INTEGER } from "../decimal.ts";
import { policyInvalid } from "../errors.ts";
import { byteLength, hasControlCharacter } from "../json/utf8.ts";
import { field, isInteger, isObject } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { codeAt } from "../native.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";

/** Longest text of a key in a rule (a uid, a path, a value), in bytes. */
const MAX_TEXT_LENGTH = 4096;
const MAX_UPSTREAM_LENGTH = 255;

const UPSTREAM_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:[]";
/** By their codes. */
const isUpstreamCode: (boolean | undefined)[] = [];
for (let code = 0; code < 128; code++) {
  isUpstreamCode[code] = UPSTREAM_CHARACTERS.indexOf(String.fromCharCode(code)) >= 0;
}

/**
 * Whether nginx can take `name` for what follows `http://` in proxy_pass: an upstream's name or an address with a
 * port. Nothing else may get there: a `/` or `$` would change what the directive says.
 */
export function isUpstreamName(name: string): boolean {
  if (name.length === 0 || name.length > MAX_UPSTREAM_LENGTH) {
    return false;
  }
  for (let position = 1; position <= name.length; position++) {
    if (isUpstreamCode[codeAt(name, position)] !== true) {
      return false;
    }
  }
  return true;
}

/** A key that a rule may not have: a misspelt one would silently make a rule that never matches. */
function unknownKey(rule: JsonObject, known: readonly string[]): string | undefined {
  for (const key of rule.keys) {
    if (!known.includes(key)) {
      return key;
    }
  }
  return undefined;
}

/**
 * The rule as an object with its upstream checked.
 * @param number counts from 1.
 */
export function ruleObject(
  value: JsonValue | undefined,
  number: number,
  keys: readonly string[],
): Result<{ readonly rule: JsonObject; readonly upstream: string }> {
  if (!isObject(value)) {
    return failure(policyInvalid(number, `an object with ${keys.join(", ")} is expected`));
  }
  const stranger = unknownKey(value, keys);
  if (stranger !== undefined) {
    return failure(policyInvalid(number, `unknown key '${stranger}'; known: ${keys.join(", ")}`));
  }
  for (const key of keys) {
    if (field(value, key) === undefined) {
      return failure(policyInvalid(number, ` need ${keys.join(" and ")}; ${key} is missing`));
    }
  }
  const upstream = field(value, "upstream");
  if (typeof upstream !== "string" || !isUpstreamName(upstream)) {
    return failure(
      policyInvalid(number, "upstream invalid: a name of letters, digits and - _ . : [ ] up to 255 long is expected"),
    );
  }
  return success({ rule: value, upstream });
}

/** A text key of a rule; undefined where it is none that a request could carry. */
export function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value !== "string" || value === "" || byteLength(value) > MAX_TEXT_LENGTH || hasControlCharacter(value)) {
    return undefined;
  }
  return value;
}

/** A uid: text, or a whole number, which keeps all its digits however many they are. */
export function uidOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === "number") {
    return value >= 0 && value <= MAX_EXACT_INTEGER && Math.floor(value) === value ? integerText(value) : undefined;
  }
  if (isInteger(value)) {
    return isDecimal(value.digits) ? value.digits : undefined;
  }
  return textOf(value);
}
