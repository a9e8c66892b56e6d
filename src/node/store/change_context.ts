import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { noPause } from "../../dygateway/core/result.ts";
import type { Keys } from "../../dygateway/core/store/keys.ts";
import type { ChangeContext } from "../../dygateway/core/store/transaction.ts";
import type { Environment } from "../config/secrets.ts";

/** Who changes: the person behind sudo, else the user. */
function operator(environment: Environment): string {
  const names = [environment["SUDO_USER"], environment["USER"], environment["LOGNAME"]];
  const known = names.find((name) => name !== undefined && name !== "");
  if (known !== undefined) return known;
  try {
    return userInfo().username;
  } catch {
    // A user id without an account, as in containers.
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

/** Clock, chance and names for one change. No revision is known here: what Redis says is taken as it is. */
export function changeContext(keys: Keys, environment: Environment): ChangeContext {
  return {
    keys,
    who: operator(environment),
    from: `cli@${hostname()}`,
    now: `${Date.now()}`,
    nonce: randomUUID(),
    pause: noPause,
    knownRevision: 0,
  };
}
