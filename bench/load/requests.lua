-- luacheck: globals setup init request done
-- wrk's script: distinct users, computed before the first request is sent, so that wrk itself costs next to nothing.
-- One in four is appointed by uid, one in four lies in a uid range, one in four in an IP range, one in four in none.
-- Settings come as NAME=NUMBER behind `--`; the people are those of population.ts.

local settings = { uids = 1000, uidRanges = 100, ipRanges = 100, count = 1000, seed = 1, delay = 0, answers = 0, turns = 0 }
local requests, at = {}, 0
local threads = {}

local BACKENDS = { "stable", "beta1", "beta2", "beta3", "beta4", "beta5", "beta6" }

local function dotted(address)
  local floor = math.floor
  return string.format("%d.%d.%d.%d", floor(address / 16777216) % 256, floor(address / 65536) % 256,
    floor(address / 256) % 256, address % 256)
end

local function appointed_uid(index)
  return 1000000000 + index * 997 + (index * 7919) % 997
end

local function ranged_uid(range, offset)
  return 3000000000 + range * 100000 + offset % 50000
end

local function other_uid(index)
  return 5000000000 + (index * 611953) % 1000000000
end

local function ranged_ip(range, offset)
  return dotted(184549376 + range * 2048 + offset % 1024)
end

local function other_ip(range, offset)
  return dotted(184549376 + range * 2048 + 1024 + offset % 1024)
end

-- Steps of primes through the tables: every entry once before any comes twice.
local function person(kind, index, number)
  local ip_range = (index * 15485863) % settings.ipRanges
  if kind == 0 then
    return appointed_uid((index * 611953) % settings.uids), other_ip(ip_range, number)
  elseif kind == 1 then
    return ranged_uid((index * 7919) % settings.uidRanges, number * 31), other_ip(ip_range, number)
  elseif kind == 2 then
    return other_uid(index), ranged_ip(ip_range, number)
  end
  return other_uid(index), other_ip(ip_range, number)
end

function setup(thread)
  threads[#threads + 1] = thread
end

local function count_answer(_, headers)
  local name = "answers_" .. (headers["X-Backend"] or "none")
  _G[name] = (_G[name] or 0) + 1
end

function init(arguments)
  for _, argument in ipairs(arguments) do
    local name, value = argument:match("^(%w+)=(%d+)$")
    settings[name] = tonumber(value)
  end
  -- Park and Miller's generator: it decides the order of the kinds, which no branch predictor shall learn.
  local chance = settings.seed * 48271 % 2147483647
  for number = 1, settings.count do
    chance = chance * 16807 % 2147483647
    local index = number + settings.seed * settings.count
    local uid, ip = person(math.floor(chance / 1024) % 4, index, number)
    requests[number] = string.format("GET /feed HTTP/1.1\r\nHost: bench.test\r\nX-Uid: %.0f\r\nX-Real-IP: %s\r\n\r\n", uid, ip)
  end
  if settings.answers == 1 then
    response = count_answer -- luacheck: ignore
  end
  if settings.delay > 0 then
    function delay() -- luacheck: ignore
      return settings.delay
    end
  end
  -- Nothing is allocated from here on.
  collectgarbage("stop")
  io.stderr:write("ready\n")
end

-- The empty turns keep wrk's own processor busy: see `turns` in wrk.ts.
function request()
  local sum = 0
  for turn = 1, settings.turns do
    sum = sum + turn
  end
  at = at % settings.count + 1
  return requests[at]
end

-- Times in microseconds.
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT requests=%.0f duration=%.0f failed=%.0f p50=%.0f p99=%.0f max=%.0f", summary.requests,
    summary.duration, failed, latency:percentile(50), latency:percentile(99), latency.max))
  for _, name in ipairs(BACKENDS) do
    local total = 0
    for _, thread in ipairs(threads) do
      total = total + (thread:get("answers_" .. name) or 0)
    end
    io.write(string.format(" %s=%.0f", name, total))
  end
  io.write("\n")
end
