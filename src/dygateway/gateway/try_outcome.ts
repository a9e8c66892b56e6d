import { judgeTry } from "../core/upstream/last_try.ts";
import { answeredStatus } from "./nginx_lua.ts";
import type { Tries } from "./tries.ts";
import { readVariable } from "./variables.ts";

/** Where nginx has noted more than one try, or one that may have failed. */
function judge(tries: Tries, statuses: string, address: string | undefined): boolean {
  const addresses = readVariable("upstream_addr") ?? "";
  const headerTimes = readVariable("upstream_header_time") ?? "";
  const { failed, isLast } = judgeTry({ statuses, addresses, headerTimes }, address, tries.earlier);
  tries.isElsewhere = !isLast;
  return failed;
}

/** Statuses of an answer that a peer has given, where nobody else could. */
const FIRST_GOOD = 200;
const FIRST_BAD = 400;

/**
 * How the last try of the upstream ended, by what nginx has noted.
 *
 * @param statusTells whether a good status of the request can only be its peer's.
 * @inlined
 */
export function hasFailed(tries: Tries, address: string | undefined, statusTells: boolean): boolean {
  if (statusTells) {
    const answered = answeredStatus();
    if (answered >= FIRST_GOOD && answered < FIRST_BAD) {
      return false;
    }
  }
  const status = readVariable("upstream_status");
  // Of one try, the usual one: a text that Lua has already, so that comparing is all that is done.
  if (status === undefined || (status.length === 3 && status !== "502" && status !== "504")) {
    return false;
  }
  const failed = judge(tries, status, address);
  return failed;
}
