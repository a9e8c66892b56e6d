import type { Redis } from "ioredis";

/** Everything under the prefix, keys and values, as one hash; one step in Redis, so nothing changes meanwhile. */
const DIGEST = `
local keys = redis.call('KEYS', ARGV[1] .. '*')
table.sort(keys)
local parts = {}
for _, key in ipairs(keys) do
  parts[#parts + 1] = key .. '=' .. redis.sha1hex(redis.call('DUMP', key) or '')
end
return { redis.call('GET', ARGV[1] .. ':revision') or '0', redis.sha1hex(table.concat(parts, '\\n')), #keys }
`;

export interface StoreState {
  readonly revision: number;
  readonly digest: string;
  readonly keys: number;
}

export async function storeState(client: Redis, prefix = "ab:test"): Promise<StoreState> {
  const [revision, digest, keys] = (await client.eval(DIGEST, 0, prefix)) as [string, string, number];
  return { revision: Number(revision), digest, keys };
}
