import { nameUnknown } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { listReply, textReply } from "./command.ts";
import type { Keys } from "./keys.ts";
import type { StoreWork } from "./command.ts";

/** How an operator points at a policy or group: by its id or by its name. */
export interface Target {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

export type Named = "policy" | "policygroup";

/**
 * The id that holds a name, or undefined where it is free. The predecessor deletes policies without their names, so a
 * name whose owner does not bear it any more is free as well.
 */
export function* ownerOf(keys: Keys, kind: Named, name: string): StoreWork<string | undefined> {
  const [owner] = yield [["HGET", kind === "policy" ? keys.policyNames : keys.groupNames, name]];
  const id = textReply(owner);
  if (id === undefined) {
    return undefined;
  }
  const replies = yield [
    ["HGET", kind === "policy" ? keys.policyMeta(id) : keys.groupMeta(id), "name"],
    ["EXISTS", kind === "policy" ? keys.divtype(id) : keys.group(id)],
  ];
  return textReply(replies[0]) === name && replies[1] === 1 ? id : undefined;
}

/** The id that a target means; an id is taken as it is, also where nothing has it. */
export function* resolveTarget(keys: Keys, kind: Named, target: Target): StoreWork<Result<string>> {
  if (target.id !== undefined) {
    return success(target.id);
  }
  const name = target.name ?? "";
  const id = yield* ownerOf(keys, kind, name);
  return id === undefined ? failure(nameUnknown(kind, name)) : success(id);
}

/** The texts of a list reply, nils left out. */
export function texts(reply: Parameters<typeof listReply>[0]): string[] {
  const found: string[] = [];
  for (const item of listReply(reply)) {
    const text = textReply(item);
    if (text !== undefined) {
      found.push(text);
    }
  }
  return found;
}
