import type { GatewayError } from "../../../src/dygateway/core/errors.ts";
import type { Result } from "../../../src/dygateway/core/result.ts";
import { contains, equal, fail } from "../../support/assert.ts";

/** The value of a result that must be a success. */
export function valueOf<T>(result: Result<T>): T {
  return result.ok ? result.value : fail(`refused: ${result.error.code} ${result.error.desc}`);
}

/** The error of a result that must be a failure. */
export function errorOf<T>(result: Result<T>): GatewayError {
  return result.ok ? fail("accepted, and should be refused") : result.error;
}

/** Fails unless the result is a failure with this code and these words. */
export function refused<T>(result: Result<T>, code: number, words: string): void {
  const error = errorOf(result);
  equal(error.code, code, error.desc);
  contains(error.desc, words);
}
