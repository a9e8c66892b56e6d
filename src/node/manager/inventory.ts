import { randomUUID } from "node:crypto";
import { errorInfo, type GatewayError } from "../../dygateway/core/errors.ts";
import { noPause, type Result } from "../../dygateway/core/result.ts";
import type { RedisSettings } from "../../dygateway/core/settings.ts";
import type { StoreWork } from "../../dygateway/core/store/command.ts";
import { storeKeys } from "../../dygateway/core/store/keys.ts";
import type { Change, ChangeContext } from "../../dygateway/core/store/transaction.ts";
import { pathText } from "../config/problem.ts";
import { isLvsError, type LvsError } from "../lvs/edit/problems.ts";
import type { InventoryProblem } from "../lvs/inventory/problem.ts";
import { changeStore } from "../store/change.ts";
import { readStore } from "../store/work.ts";
import { conflict, notFound, preconditionFailed, refused, unavailable, type HttpProblem, type RequestProblem } from "./http/problem.ts";
import type { Caller } from "./http/route.ts";

/** The way of the routes to the inventory; a refusal of the store or of the rules becomes an answer of its own. */
export interface Inventory {
  readonly read: <T>(work: StoreWork<Result<T>>) => Promise<T>;
  /** The change's `who` is the name of the caller's token. */
  readonly change: <T>(caller: Caller, plan: (context: ChangeContext) => Change<T>) => Promise<T>;
}

export function redisInventory(redis: RedisSettings): Inventory {
  const keys = storeKeys(redis.prefix);
  const valueOf = <T>(result: Result<T>): T => {
    if (result.ok) return result.value;
    throw problemOf(result.error);
  };
  return {
    read: async (work) => valueOf(await readStore(redis, work)),
    change: async ({ name, from }, plan) => {
      const context = { keys, who: name, from, now: `${Date.now()}`, nonce: randomUUID(), pause: noPause, knownRevision: 0 };
      return valueOf(await changeStore(redis, () => plan(context))).answer;
    },
  };
}

export const requestProblem = ({ path, text, rule }: InventoryProblem): RequestProblem => ({ path: pathText(path), text, rule });

const storeCodes: readonly number[] = [errorInfo.REDIS_CONNECT_ERROR[0], errorInfo.REDIS_ERROR[0]];

function problemOf(error: GatewayError): HttpProblem {
  if (isLvsError(error)) return lvsProblem(error);
  return storeCodes.includes(error.code) ? unavailable(error.desc) : conflict(error.desc);
}

function lvsProblem({ kind, desc, problems }: LvsError): HttpProblem {
  // With a list of problems, the description repeats it line by line.
  const [detail = desc] = desc.split(":\n");
  switch (kind) {
    case "unknown":
      return notFound(desc.replace(/^there is no /, ""));
    case "invalid":
      return refused(detail, problems.map(requestProblem));
    case "stale":
      return preconditionFailed(desc);
    case "exists":
    case "unconfirmed":
    case "broken":
      return conflict(desc, { kind });
  }
}
