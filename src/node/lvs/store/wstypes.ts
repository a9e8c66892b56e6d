import { storeRefused } from "../../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../../dygateway/core/result.ts";
import { isError, listReply, textReply, type Reply, type StoreWork } from "../../../dygateway/core/store/command.ts";
import { beginChange, commitChange, nothingToChange, type Change, type ChangeContext } from "../../../dygateway/core/store/transaction.ts";
import { wstypeInvalid } from "../edit/problems.ts";
import { byName } from "../inventory/order.ts";
import { shapeWrong } from "../inventory/problems.ts";
import { wstype as wstypeName } from "../inventory/scalars.ts";
import { wstypesKey } from "./keys.ts";

/** What nginx machines can be for. */
export interface Wstype {
  readonly name: string;
  readonly description: string;
}

/** The fields of a hash and their values, from HGETALL. */
export function fieldsOf(reply: Reply | undefined): Map<string, string> {
  const items = listReply(reply);
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < items.length; i += 2) fields.set(textReply(items[i]) ?? "", textReply(items[i + 1]) ?? "");
  return fields;
}

/** All registered wstypes, by name. */
export function* listWstypes(): StoreWork<Result<Wstype[]>> {
  const [reply] = yield [["HGETALL", wstypesKey]];
  if (isError(reply)) return failure(storeRefused(reply.message));
  const found = [...fieldsOf(reply)].map(([name, description]) => ({ name, description }));
  return success(found.sort((a, b) => byName(a.name, b.name)));
}

/** Longer ones are no descriptions. */
const longestDescription = 200;

/**
 * Registers wstypes, or gives them another description. Refuses what cannot be a name.
 *
 * @param description of all of them; undefined leaves that of one that is there, and is "" for a new one.
 */
export function* registerWstypes(
  context: ChangeContext,
  names: readonly string[],
  description: string | undefined,
): Change<readonly Wstype[]> {
  for (const name of names) {
    const reason = wstypeName.safeParse(name).error?.issues[0]?.message;
    if (reason !== undefined) return failure(wstypeInvalid(shapeWrong({ path: [], at: "value", text: reason })));
  }
  if (description !== undefined && (description.length > longestDescription || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(description))) {
    const text = `the description has more than ${longestDescription} characters, or control characters`;
    return failure(wstypeInvalid(shapeWrong({ path: [], at: "value", text })));
  }
  const begun = yield* beginChange(context, [wstypesKey]);
  if (!begun.ok) return begun;
  const [reply] = yield [["HGETALL", wstypesKey]];
  if (isError(reply)) return failure(storeRefused(reply.message));
  const fields = fieldsOf(reply);
  const wstypes = names.map((name) => ({ name, description: description ?? fields.get(name) ?? "" }));
  const changed = wstypes.filter((one) => fields.get(one.name) !== one.description);
  if (changed.length === 0) return success(nothingToChange(begun.value, wstypes));
  const what = `wstype ${changed.map((one) => one.name).join(", ")}`;
  const before = changed.flatMap((one) => fields.get(one.name) ?? []).join("; ");
  const entry = { action: "lvs_wstype_register", what, before, after: description ?? "", hostnames: [], policyIds: [], upstreams: [] };
  const commands = changed.map((one) => ["HSET", wstypesKey, one.name, one.description]);
  return success(commitChange(context, begun.value, entry, commands, wstypes));
}
