import type { GatewayError } from "./errors.ts";

/** An expected outcome: a value, or the named error that says why there is none. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: GatewayError };

export function success<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function failure<T>(error: GatewayError): Result<T> {
  return { ok: false, error };
}

/**
 * Called between slices of long work. In nginx it yields to the event loop when the slice is used up, so that no
 * request waits for a large policy; in Node, and where the work is known to be small, it does nothing.
 */
export type Pause = (this: void) => void;

export const noPause: Pause = () => {};
