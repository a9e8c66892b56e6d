import { lookup } from "../../../src/dygateway/core/lookup.ts";
import type { Lookup } from "../../../src/dygateway/core/lookup.ts";
import { listReply, textReply } from "../../../src/dygateway/core/store/command.ts";
import type { Reply } from "../../../src/dygateway/core/store/command.ts";
import { keys } from "./changes.ts";
import type { FakeRedis } from "./fake_redis.ts";

/** The entry of the last change. */
export function lastEntry(redis: FakeRedis): Reply | undefined {
  return listReply(redis.run(["XREVRANGE", keys.audit, "+", "-", "COUNT", "1"]))[0];
}

export function fieldsOfEntry(entry: Reply | undefined): Lookup<string> {
  const fields: Lookup<string> = lookup();
  const items = listReply(listReply(entry)[1]);
  for (let i = 0; i + 1 < items.length; i += 2) {
    fields[textReply(items[i]) ?? ""] = textReply(items[i + 1]) ?? "";
  }
  return fields;
}
