import { storeRefused, storeUncertain } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError, listReply } from "./command.ts";
import type { Command, Reply } from "./command.ts";

/** `conflict`: somebody else changed what was watched, and nothing was carried out. */
export type Executed = "done" | "conflict";

/** MULTI, the commands, EXEC, in one pipeline. */
export function inTransaction(commands: readonly Command[]): Command[] {
  const pipeline: Command[] = [["MULTI"]];
  for (const command of commands) {
    pipeline.push(command);
  }
  pipeline.push(["EXEC"]);
  return pipeline;
}

/** What became of a transaction. A command that is refused when it is queued makes Redis refuse them all. */
export function readExecution(replies: readonly Reply[]): Result<Executed> {
  const result = replies[replies.length - 1];
  if (isError(result)) {
    const refused = replies.find((reply) => isError(reply));
    return failure(storeRefused(isError(refused) ? refused.message : result.message));
  }
  if (typeof result === "object" && "kind" in result) {
    return success("conflict");
  }
  const failed = listReply(result).find((reply) => isError(reply));
  return isError(failed)
    ? failure(storeUncertain(`a command failed inside the transaction: ${failed.message}`))
    : success("done");
}
