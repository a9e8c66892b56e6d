import { isError, listReply, numberReply, textReply, type StoreWork } from "../../../dygateway/core/store/command.ts";
import { storeRefused } from "../../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../../dygateway/core/result.ts";
import type { RedisSettings } from "../../../dygateway/core/settings.ts";
import { storeKeys } from "../../../dygateway/core/store/keys.ts";
import { upstreamName } from "../../config/scalars.ts";
import { readStore } from "../../store/work.ts";
import { readBody } from "./body.ts";
import type { UpstreamSnapshot, UpstreamSource } from "./source.ts";

/** The hash `P:upstreams` of dygateway's Redis: name to body. */
export function redisUpstreams(settings: RedisSettings): UpstreamSource {
  return {
    read: async () => {
      const read = await readStore(settings, readUpstreams(settings.prefix));
      return read.ok ? { ok: true, snapshot: read.value } : { ok: false, reason: read.error.desc };
    },
  };
}

function* readUpstreams(prefix: string): StoreWork<Result<UpstreamSnapshot>> {
  const replies = yield [["GET", storeKeys(prefix).revision], ["HGETALL", `${prefix}:upstreams`]];
  const refused = replies.find((reply) => isError(reply));
  if (isError(refused)) return failure(storeRefused(refused.message));
  const [revision, pairs] = replies;
  const [blocks, broken] = [new Map<string, string>(), new Map<string, string>()];
  const items = listReply(pairs).map((item) => textReply(item) ?? "");
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [name = "", text = ""] = items.slice(i, i + 2);
    const body = readBody(text);
    if (!upstreamName.safeParse(name).success) broken.set(name, "its name is not one that nginx reads");
    else if (!body.ok) broken.set(name, body.reason);
    else if ("lines" in body) blocks.set(name, body.lines.map((line) => `    ${line}\n`).join(""));
  }
  return success({ revision: Math.max(0, numberReply(revision)), blocks, broken });
}
