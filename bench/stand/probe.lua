-- Runs in every worker of a gateway that is measured, never in one that serves. It looks from inside at what no client
-- sees: how long the event loop was held up, how many timers run, which compiled runtimes a change has replaced.
-- Values go to the shared dict `bench` as `<pid> <key>`; stand/probe.ts reads them.

local ffi = require("ffi")

ffi.cdef([[
  typedef struct { long seconds; long nanoseconds; } bench_time;
  int bench_clock(int clock, bench_time *into) __asm__("clock_gettime");
]])

local WALL, CPU = 1, 3 -- CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID
local LOOK_SECONDS = 0.001
local SAMPLE_SECONDS = 1

local probe = {}
local dict = ngx.shared.bench
local time = ffi.new("bench_time")
local marks = {}

local function milliseconds(clock)
  ffi.C.bench_clock(clock, time)
  return tonumber(time.seconds) * 1e3 + tonumber(time.nanoseconds) / 1e6
end

local function put(key, value)
  dict:set(ngx.worker.pid() .. " " .. key, value)
end

local function runtimes()
  return require("dygateway.gateway.snapshot").inForce()
end

local function mark()
  marks = {}
  for hostname, runtime in pairs(runtimes()) do
    marks[hostname] = runtime
  end
end

-- How many runtimes, and how many matchers in them, are other objects than those that were marked.
local function compare()
  local runtime_count, replaced, recompiled = 0, 0, 0
  for hostname, runtime in pairs(runtimes()) do
    runtime_count = runtime_count + 1
    local before = marks[hostname]
    if runtime ~= before then
      replaced = replaced + 1
      for number, level in ipairs(runtime.levels) do
        local level_before = before and before.levels[number]
        if not level_before or level_before.matcher ~= level.matcher then
          recompiled = recompiled + 1
        end
      end
    end
  end
  put("runtimes", runtime_count)
  put("replaced", replaced)
  put("recompiled", recompiled)
end

-- Sleeps for a millisecond again and again. What it oversleeps by the clock is what a request would have waited; the
-- CPU time that passed meanwhile is how long this worker itself worked in one go, whoever else had the machine.
local function watch(premature)
  if premature then
    return
  end
  local done, longest_wall, longest_cpu = 0, 0, 0
  while not ngx.worker.exiting() do
    local wall, cpu = milliseconds(WALL), milliseconds(CPU)
    ngx.sleep(LOOK_SECONDS)
    wall, cpu = milliseconds(WALL) - wall - LOOK_SECONDS * 1e3, milliseconds(CPU) - cpu
    if wall > longest_wall then
      longest_wall = wall
      put("stall_wall", wall)
    end
    if cpu > longest_cpu then
      longest_cpu = cpu
      put("stall_cpu", cpu)
    end
    local number = dict:get("number")
    if number and number ~= done then
      done = number
      local verb = dict:get("verb")
      if verb == "mark" then
        mark()
      elseif verb == "compare" then
        compare()
      end
      longest_wall, longest_cpu = 0, 0
      put("stall_wall", 0)
      put("stall_cpu", 0)
      put("command", number)
    end
  end
end

local function sample(premature)
  if premature then
    return
  end
  put("timers_running", ngx.timer.running_count())
  put("timers_pending", ngx.timer.pending_count())
  put("lua_bytes", collectgarbage("count") * 1024)
  put("dict_free", ngx.shared.dygateway:free_space())
end

-- `kind` is "stalls" or "counts".
function probe.start(kind)
  if ngx.worker.id() == nil then
    return
  end
  if kind == "stalls" then
    ngx.timer.at(0, watch)
  end
  ngx.timer.every(SAMPLE_SECONDS, sample)
end

function probe.command()
  local arguments = ngx.req.get_uri_args()
  dict:set("verb", arguments.verb)
  dict:set("number", tonumber(arguments.number))
  ngx.say("ok")
end

function probe.read()
  for _, key in ipairs(dict:get_keys(0)) do
    if key:find(" ", 1, true) then
      ngx.say(key, " ", dict:get(key))
    end
  end
end

return probe
