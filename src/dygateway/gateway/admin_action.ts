import type { JsonValue } from "../core/json/value.ts";
import { success } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { Change } from "../core/store/transaction.ts";
import type { AdminContext } from "./admin_context.ts";
import { changeStore } from "./redis.ts";

export interface ActionAnswer {
  /** Follows `success ` in the answer's desc. */
  readonly detail: string;
  readonly data?: JsonValue | undefined;
  /** The revision that a change has; the answer waits until this node's workers have it in force. */
  readonly revision?: number;
}

export type Action = (this: void, context: AdminContext) => Result<ActionAnswer>;

export function answered(data?: JsonValue, detail = ""): Result<ActionAnswer> {
  return success({ detail, data });
}

/** Carries a change out and words its answer. */
export function change<T>(
  context: AdminContext,
  plan: (this: void) => Change<T>,
  word: (this: void, stored: T) => { readonly detail: string; readonly data?: JsonValue },
): Result<ActionAnswer> {
  const done = changeStore(context.settings.redis, plan);
  if (!done.ok) {
    return done;
  }
  const { detail, data } = word(done.value.answer);
  return success({ detail, data, revision: done.value.revision });
}
