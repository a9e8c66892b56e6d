import { setTimeout as sleep } from "node:timers/promises";
import { storeConflict, storeUncertain } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import type { RedisSettings } from "../../dygateway/core/settings.ts";
import type { Command } from "../../dygateway/core/store/command.ts";
import { inTransaction, readExecution, type Executed } from "../../dygateway/core/store/execution.ts";
import type { Change, Transaction } from "../../dygateway/core/store/transaction.ts";
import { connect, type Connection } from "./connection.ts";
import { runWork } from "./work.ts";

/** Other writers may be faster this many times in a row. */
const MAX_ATTEMPTS = 100;
const LONGEST_BACKOFF_MS = 50;

async function execute(connection: Connection, commands: readonly Command[]): Promise<Result<Executed>> {
  const sent = await connection.pipeline(inTransaction(commands));
  return sent.ok ? readExecution(sent.replies) : failure(storeUncertain(`${connection.place}: ${sent.reason}`));
}

async function attempt<T>(connection: Connection, plan: () => Change<T>): Promise<Result<Transaction<T> | "conflict">> {
  const planned = await runWork(connection, plan());
  if (!planned.ok) return planned;
  const outcome = planned.value;
  // Without commands it says only whether somebody else changed what was read; a refusal that was planned between two
  // reads of another writer's change is none.
  const commands = outcome.ok ? outcome.value.commands : [];
  const executed = await execute(connection, commands);
  if (!executed.ok) return commands.length > 0 ? executed : outcome;
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
