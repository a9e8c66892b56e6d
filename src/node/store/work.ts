import { storeUnreachable } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import type { RedisSettings } from "../../dygateway/core/settings.ts";
import type { StoreWork } from "../../dygateway/core/store/command.ts";
import { connect, type Connection } from "./connection.ts";

/** Drives a piece of store work to its end over a connection, a pipeline a step. */
export async function runWork<T>(connection: Connection, work: StoreWork<T>): Promise<Result<T>> {
  let step = work.next();
  while (step.done !== true) {
    const sent = await connection.pipeline(step.value);
    if (!sent.ok) return failure(storeUnreachable(connection.place, sent.reason));
    step = work.next([...sent.replies]);
  }
  return success(step.value);
}

/** Drives a reading, whose own result may be a refusal. */
export async function readOver<T>(connection: Connection, work: StoreWork<Result<T>>): Promise<Result<T>> {
  const done = await runWork(connection, work);
  return done.ok ? done.value : done;
}

/** Reads: connects, drives, closes. */
export async function readStore<T>(settings: RedisSettings, work: StoreWork<Result<T>>): Promise<Result<T>> {
  const connected = await connect(settings);
  if (!connected.ok) return connected;
  const done = await readOver(connected.value, work);
  connected.value.close();
  return done;
}
