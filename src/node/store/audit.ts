import { storeRefused } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import { isError, listReply, textReply, type Reply, type StoreWork } from "../../dygateway/core/store/command.ts";
import type { Keys } from "../../dygateway/core/store/keys.ts";

/** One entry of the audit stream: a change, by its revision. */
export interface AuditedChange {
  readonly revision: number;
  /** Undefined where the entry does not say, or what it says is no time. */
  readonly time: Date | undefined;
  readonly who: string;
  readonly from: string;
  readonly action: string;
  readonly what: string;
  readonly before: string;
  readonly after: string;
  readonly hostnames: readonly string[];
  readonly policyIds: readonly string[];
  readonly upstreams: readonly string[];
}

const lines = (text: string): string[] => (text === "" ? [] : text.split("\n"));

function decode(reply: Reply): AuditedChange {
  const [id, content] = listReply(reply);
  const items = listReply(content);
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < items.length; i += 2) fields.set(textReply(items[i]) ?? "", textReply(items[i + 1]) ?? "");
  const text = (name: string): string => fields.get(name) ?? "";
  const time = new Date(Number(text("time")));
  return {
    revision: Number.parseInt(textReply(id) ?? "0", 10),
    time: text("time") === "" || Number.isNaN(time.getTime()) ? undefined : time,
    who: text("who"),
    from: text("from"),
    action: text("action"),
    what: text("what"),
    before: text("before"),
    after: text("after"),
    hostnames: lines(text("hostnames")),
    policyIds: lines(text("policyids")),
    upstreams: lines(text("upstreams")),
  };
}

/** The last `count` changes, oldest first. */
export function* lastChanges(keys: Keys, count: number): StoreWork<Result<AuditedChange[]>> {
  const [reply] = yield [["XREVRANGE", keys.audit, "+", "-", "COUNT", `${count}`]];
  return isError(reply) ? failure(storeRefused(reply.message)) : success(listReply(reply).map(decode).reverse());
}

export interface NewChanges {
  readonly changes: AuditedChange[];
  /** The stream ends before what was seen of it: it was lost, or set back. */
  readonly setBack: boolean;
}

/** The changes after a revision, up to `count` of them, oldest first. */
export function* changesAfter(keys: Keys, revision: number, count: number): StoreWork<Result<NewChanges>> {
  const [newer, last] = yield [
    ["XRANGE", keys.audit, `${revision + 1}-0`, "+", "COUNT", `${count}`],
    ["XREVRANGE", keys.audit, "+", "-", "COUNT", "1"],
  ];
  if (isError(newer) || isError(last)) {
    return failure(storeRefused(isError(newer) ? newer.message : isError(last) ? last.message : ""));
  }
  const end = listReply(last).map(decode).at(-1)?.revision ?? 0;
  return success({ changes: listReply(newer).map(decode), setBack: end < revision });
}
