import { until } from "../support/until.ts";
import type { UpstreamCluster } from "./upstream_cluster.ts";

/** A location through which a test looks into the shared dict of the gateway, and fills it. */
export const dictLocation = `location = /dict {
  content_by_lua_block {
    local cjson = require("cjson.safe")
    local dict = ngx.shared.dygateway
    ngx.req.read_body()
    local asked = cjson.decode(ngx.req.get_body_data())
    for key, value in pairs(asked.set or {}) do
      assert(dict:safe_set(key, value))
    end
    for _, key in ipairs(asked.delete or {}) do
      dict:delete(key)
    end
    if asked.fill then
      local number = 0
      for size = 15, 3, -1 do
        local text = string.rep("x", 2 ^ size)
        while dict:safe_set("filler:" .. number, text) do
          number = number + 1
        end
      end
      -- As small as a counter.
      while dict:safe_set("f:" .. number, number) do
        number = number + 1
      end
    end
    local found, lengths = {}, {}
    for _, key in ipairs(dict:get_keys(0)) do
      if asked.empty and (key:find("^filler:") or key:find("^f:")) then
        dict:delete(key)
      elseif asked.lengths and key:sub(1, #asked.lengths) == asked.lengths then
        lengths[key] = #tostring(dict:get(key))
      end
    end
    for _, key in ipairs(asked.get or {}) do
      found[key] = dict:get(key)
    end
    ngx.say(cjson.encode({ found = found, lengths = lengths }))
  }
}
`;

interface Asked {
  readonly set?: Readonly<Record<string, string | number>>;
  readonly delete?: readonly string[];
  /** Takes all the room there is. */
  readonly fill?: boolean;
  /** Gives that room back. */
  readonly empty?: boolean;
  readonly get?: readonly string[];
  /** Asks how long the values are whose keys begin so. */
  readonly lengths?: string;
}

interface Answered {
  readonly found: Readonly<Record<string, string | number | undefined>>;
  readonly lengths: Readonly<Record<string, number>>;
}

export async function inDict({ cluster }: UpstreamCluster, asked: Asked): Promise<Answered> {
  const { status, text } = await cluster.send("any.test", { path: "/dict", method: "POST", body: JSON.stringify(asked) });
  if (status !== 200) {
    throw new Error(`/dict: ${status} ${text}`);
  }
  return JSON.parse(text) as Answered;
}

/** Waits until the gateway says that there is no room for what the store holds. */
export function roomIsMissing({ cluster }: UpstreamCluster): Promise<void> {
  return until("there is no room", async () => /has no room/.test((await cluster.done("status")).data.store.problem as string), 10_000);
}
