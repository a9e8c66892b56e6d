-- luajit run.lua list
-- luajit run.lua CASE SIZE [TRACES]
--
-- Prints `ok hit=NS miss=NS loop=NS build=MS bytes=N compiled=PERCENT` for one matcher of one size. A process for each,
-- so that what LuaJIT has compiled, or given up, for one does not help or harm another. TRACES: a file for what jit.v
-- says during look-ups; only then `compiled` is known, the share of samples in which a hit's look-up ran as machine code.

local here = arg[0]:match("^(.*)/") or "."
package.path = here .. "/?.lua;" .. package.path

local cases = require("cases")
local KEYS = 65536
local REPEATS = 5
local REPEAT_SECONDS = 0.05
local PROFILE_SECONDS = 0.3

if arg[1] == "list" then
  for number, case in ipairs(cases) do
    print(number, case.label or case.name, table.concat(case.sizes, ","))
  end
  return
end

local case, size = cases[tonumber(arg[1])], tonumber(arg[2])

-- Look-ups in no order, over the whole table and more than once where it is small.
local function keys_of(make)
  local keys = {}
  for number = 1, KEYS do
    keys[number] = make(number * 611953 % size)
  end
  return keys
end

local current, current_address
local request = {
  variable = function()
    return current
  end,
  clientAddress = function()
    return current_address
  end,
}

-- Most tables lie outside Lua's own memory.
local function own_bytes()
  local file = assert(io.open("/proc/self/smaps_rollup"))
  local text = file:read("*a")
  file:close()
  return tonumber(text:match("\nAnonymous:%s+(%d+) kB")) * 1024
end

-- Median nanoseconds of one look-up; the loop around it is in it, and is measured by itself as `loop`.
local function nanoseconds(look_up, keys)
  local function pass()
    local found = 0
    for number = 1, KEYS do
      if look_up(keys[number]) ~= nil then
        found = found + 1
      end
    end
    return found
  end
  local found = pass()
  pass()
  local results = {}
  for turn = 1, REPEATS do
    local passes, started = 0, os.clock()
    repeat
      pass()
      passes = passes + 1
    until os.clock() - started >= REPEAT_SECONDS
    results[turn] = (os.clock() - started) / passes / KEYS * 1e9
  end
  table.sort(results)
  return results[math.ceil(REPEATS / 2)], found
end

local function compiled_percent(look_up, keys)
  local samples, compiled = 0, 0
  require("jit.profile").start("i1", function(_, count, state)
    samples = samples + count
    compiled = state == "N" and compiled + count or compiled
  end)
  local started = os.clock()
  repeat
    for number = 1, KEYS do
      look_up(keys[number])
    end
  until os.clock() - started >= PROFILE_SECONDS
  require("jit.profile").stop()
  return samples == 0 and 0 or compiled / samples * 100
end

case.build(case.sizes[1])
collectgarbage()
collectgarbage()
local memory, started = own_bytes(), os.clock()
local matcher = case.build(size)
local build = (os.clock() - started) * 1000
collectgarbage()
collectgarbage()
local bytes = own_bytes() - memory

local match = case.people and matcher or matcher.match
local function by_userinfo(key)
  local upstream = match(key, request)
  return upstream
end
local function by_request(key)
  current = key
  local upstream = match("", request)
  return upstream
end
-- A whole decision: the key is a number, and facts are read as the levels ask for them.
local uids, addresses = {}, {}
local function by_decision(key)
  current, current_address = uids[key], addresses[key]
  local upstream = match(request)
  return upstream
end

local look_up, hits, misses
if case.people then
  look_up = by_decision
  hits = keys_of(function(index)
    local number = #uids + 1
    uids[number], addresses[number] = case.people(index, number, size)
    return number
  end)
else
  look_up = case.request_value and by_request or by_userinfo
  hits = keys_of(case.request_value or case.hit)
  local make_miss = case.request_miss or case.miss
  misses = make_miss and keys_of(make_miss)
end

if arg[3] then
  require("jit.v").on(arg[3])
end
local hit, found = nanoseconds(look_up, hits)
assert(found == KEYS or case.people and found == KEYS * 3 / 4, "a hit was missed")
local miss = 0
if misses then
  miss, found = nanoseconds(look_up, misses)
  assert(found == 0, "a miss was hit")
end
local loop = nanoseconds(function(key)
  return key
end, hits)
local compiled = arg[3] and compiled_percent(look_up, hits) or 0
print(string.format("ok hit=%.1f miss=%.1f loop=%.1f build=%.1f bytes=%.0f compiled=%.0f", hit, miss, loop, build, bytes, compiled))
