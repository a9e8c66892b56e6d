import { setTimeout as sleep } from "node:timers/promises";
import { storeConflict, storeRefused, storeUncertain } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import type { RedisSettings } from "../../dygateway/core/settings.ts";
import { isError, listReply, nilReply } from "../../dygateway/core/store/command.ts";
import type { Change, Transaction } from "../../dygateway/core/store/transaction.ts";
import { connect, type Connection } from "./connection.ts";
import { runWork } from "./work.ts";

/** Other writers may be faster this many times in a row. */
const MAX_ATTEMPTS = 100;
const LONGEST_BACKOFF_MS = 50;

type Executed = "done" | "conflict";

/** MULTI, the commands, EXEC; a command that is refused when queued makes Redis refuse them all. */
async function execute<T>(connection: Connection, transaction: Transaction<T>): Promise<Result<Executed>> {
  const sent = await connection.pipeline([["MULTI"], ...transaction.commands, ["EXEC"]]);
  if (!sent.ok) return failure(storeUncertain(`${connection.place}: ${sent.reason}`));
  const result = sent.replies.at(-1);
  if (isError(result)) {
    const refused = sent.replies.find((reply) => isError(reply));
    return failure(storeRefused(isError(refused) ? refused.message : result.message));
  }
  if (result === nilReply) return success("conflict");
  const failed = listReply(result).find((reply) => isError(reply));
  return isError(failed)
    ? failure(storeUncertain(`a command failed inside the transaction: ${failed.message}`))
    : success("done");
}

async function attempt<T>(connection: Connection, plan: () => Change<T>): Promise<Result<Transaction<T> | "conflict">> {
  const planned = await runWork(connection, plan());
  if (!planned.ok) return planned;
  const outcome = planned.value;
  if (!outcome.ok || outcome.value.commands.length === 0) return outcome;
  const executed = await execute(connection, outcome.value);
  if (!executed.ok) return executed;
  return executed.value === "done" ? outcome : success("conflict");
}

/**
 * Carries out a change, as the gateway does: plans it from what the store says, then MULTI … EXEC; starts again where
 * somebody else changed what was read. On a connection of its own, because WATCH is the connection's.
 */
export async function changeStore<T>(settings: RedisSettings, plan: () => Change<T>): Promise<Result<Transaction<T>>> {
  const connected = await connect(settings);
  if (!connected.ok) return connected;
  const connection = connected.value;
  try {
    for (let number = 1; number <= MAX_ATTEMPTS; number++) {
      const outcome = await attempt(connection, plan);
      if (!outcome.ok) return outcome;
      if (outcome.value !== "conflict") return success(outcome.value);
      await sleep(1 + Math.random() * Math.min(LONGEST_BACKOFF_MS, number));
    }
    return failure(storeConflict());
  } finally {
    connection.close();
  }
}
