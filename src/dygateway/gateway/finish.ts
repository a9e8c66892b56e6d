import { forget } from "./tries.ts";
import { writeVariable } from "./variables.ts";

/**
 * Ends a request: its peer is free again, and `$backend` in the access log is the upstream that it went to.
 * @inlined
 */
export function finish(): void {
  const name = forget(false);
  if (name !== undefined) {
    writeVariable("backend", name);
  }
}

/**
 * The same where no error page and no cache answers in the place of the peer, and `$backend` is the upstream already.
 * @inlined
 */
export function finishWhole(): void {
  forget(true);
}
