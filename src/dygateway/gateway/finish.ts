import { forget } from "./tries.ts";
import { writeVariable } from "./variables.ts";

/**
 * Ends a request: its peer is free again, and `$backend` in the access log is the upstream that it went to.
 * @inlined
 */
export function finish(): void {
  const name = forget();
  if (name !== undefined) {
    writeVariable("backend", name);
  }
}
