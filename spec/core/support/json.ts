import { parseJson } from "../../../src/dygateway/core/json/parse.ts";
import type { JsonValue } from "../../../src/dygateway/core/json/value.ts";
import { noPause } from "../../../src/dygateway/core/result.ts";
import { fail } from "../../support/assert.ts";

/** The value of a JSON text that the test wrote. */
export function json(text: string): JsonValue {
  const parsed = parseJson(text, noPause);
  return parsed.ok ? parsed.value : fail(`the test's JSON is broken: ${parsed.reason}: ${text}`);
}
