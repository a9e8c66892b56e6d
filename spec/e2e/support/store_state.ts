import type { Redis } from "ioredis";

/** Everything under the prefix, keys and values, as one hash; one step in Redis, so nothing changes meanwhile. */
const DIGEST = `
local keys = redis.call('KEYS', ARGV[1] .. '*')
table.sort(keys)
local parts = {}
for _, key in ipairs(keys) do
  local value = redis.call('DUMP', key) or ''
  if redis.call('TYPE', key).ok == 'hash' then
    -- Redis moves the fields of a large one about, also when it is read.
    local fields = redis.call('HGETALL', key)
    local entries = {}
    for i = 1, #fields, 2 do
      entries[#entries + 1] = #fields[i] .. ':' .. fields[i] .. '=' .. fields[i + 1]
    end
    table.sort(entries)
    value = table.concat(entries, '\\n')
  end
  parts[#parts + 1] = key .. '=' .. redis.sha1hex(value)
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
