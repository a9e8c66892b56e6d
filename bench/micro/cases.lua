-- What is measured: for each matcher how a table of `size` rules is made, and the userinfo of a hit and of a miss.
-- Everything is arithmetic over an index, so that two runs ask the same.

local cases = {}

local function type_of(name)
  return require("dygateway.core.diversion.index").diversionTypes[name]
end

local function upstream(index)
  return "beta" .. index % 4
end

-- Compiles rules as a worker does that reads them from the shared dict.
local function compile(name, pairs_count, feed, options)
  local builder = type_of(name).builder(options or {}, pairs_count)
  feed(builder)
  local finished = builder.finish()
  assert(finished.ok, finished.error and finished.error.desc)
  return finished.value
end

local function keyed(name, sizes, hit, miss)
  return {
    name = name,
    sizes = sizes,
    hit = hit,
    miss = miss,
    build = function(size)
      return compile(name, size, function(builder)
        for index = 0, size - 1 do
          builder.addDivdata(hit(index), upstream(index))
        end
      end)
    end,
  }
end

-- Two members a rule: its start - 0.3 and its end + 0.3.
local function ranged(name, sizes, first, step, length, show)
  return {
    name = name,
    sizes = sizes,
    hit = function(index)
      return show(first + index * step + index * 31 % length)
    end,
    miss = function(index)
      return show(first + index * step + length + index * 31 % length)
    end,
    build = function(size)
      return compile(name, size * 2, function(builder)
        for index = 0, size - 1 do
          local start = first + index * step
          builder.addDivdata(2 * index .. ":" .. upstream(index), string.format("%.0f.7", start - 1))
          builder.addDivdata(2 * index + 1 .. ":" .. upstream(index), string.format("%.0f.3", start + length - 1))
        end
      end)
    end,
  }
end

local function decimal(value)
  return string.format("%.0f", value)
end

local function dotted(address)
  local floor = math.floor
  return string.format("%d.%d.%d.%d", floor(address / 16777216) % 256, floor(address / 65536) % 256,
    floor(address / 256) % 256, address % 256)
end

local function uid(index)
  return decimal(1000000000 + index * 997 + index * 7919 % 997)
end

local function other_uid(index)
  return decimal(5000000000 + index * 611953 % 1000000000)
end

local function device(index)
  return string.format("%08x-%04x-4000-8000-%012x", index * 40503 % 4294967296, index % 65536, index * 7)
end

local LARGE = { 10, 100, 1000, 10000, 100000, 1000000 }
local MEDIUM = { 10, 100, 1000, 10000, 100000 }

local function digit_suffix(index)
  return decimal(index % 10)
end

cases[1] = keyed("uidsuffix", { 5 }, digit_suffix)
cases[1].hit = function(index)
  return uid(index) .. index % 5
end
cases[1].miss = function(index)
  return uid(index) .. 5 + index % 5
end
cases[1].build = function(size)
  return compile("uidsuffix", size, function(builder)
    for index = 0, size - 1 do
      builder.addDivdata(digit_suffix(index), upstream(index))
    end
  end)
end

cases[2] = keyed("uidappoint", LARGE, uid, other_uid)
cases[3] = keyed("uidappoint", MEDIUM, device, other_uid)
cases[3].label = "uid texts"
cases[3].miss = function(index)
  return device(index + 10000000)
end
cases[4] = ranged("uidrange", MEDIUM, 3000000000, 20000, 10000, decimal)
cases[5] = ranged("iprange", MEDIUM, 184549376, 2048, 1024, dotted)

local function ipv6(index, gap)
  return string.format("2001:db8:%x:%x::%x", math.floor(index / 65536), index % 65536, gap + index * 31 % 4096)
end
cases[6] = {
  name = "iprange",
  label = "IPv6 ranges",
  sizes = MEDIUM,
  hit = function(index)
    return ipv6(index, 0)
  end,
  miss = function(index)
    return ipv6(index, 8192)
  end,
  build = function(size)
    return compile("iprange", size, function(builder)
      for index = 0, size - 1 do
        local head = string.format("20010db8%04x%04x", math.floor(index / 65536), index % 65536)
        local first, last = head .. string.rep("0", 16), head .. string.rep("0", 12) .. "0fff"
        builder.addIpv6(first .. "-" .. last .. ":" .. upstream(index), "0")
      end
    end)
  end,
}

local function city(index)
  return "city" .. index * 7
end
local function path(index)
  return "/api/v" .. index % 10 .. "/feed/" .. index
end
cases[7] = keyed("arg_city", MEDIUM, city, function(index)
  return "town" .. index
end)
cases[8] = keyed("url", MEDIUM, path, function(index)
  return "/other" .. path(index)
end)
cases[9] = {
  name = "percent",
  sizes = { 10, 100, 1000, 10000 },
  hit = uid,
  build = function(size)
    return compile("percent", size * 2, function(builder)
      local width = math.floor(4294967295 / size)
      for index = 0, size - 1 do
        builder.addDivdata(2 * index .. ":" .. upstream(index), index == 0 and "-0.3" or string.format("%.0f.7", index * width - 1))
        builder.addDivdata(2 * index + 1 .. ":" .. upstream(index), string.format("%.0f.3", (index + 1) * width - 1))
      end
    end)
  end,
}

-- Values of one header; `cookie` is the same code, `arg` decodes the value first.
cases[10] = keyed("header", MEDIUM, function(index)
  return "x-env:value" .. index
end)
cases[10].request_value = function(index)
  return "value" .. index
end
cases[10].request_miss = function(index)
  return "other" .. index
end

-- The issue's group, decided whole: `size` uids, a hundredth of it uid ranges, a tenth IP ranges.
local function part(size, divisor)
  return math.max(10, math.floor(size / divisor))
end

cases[11] = {
  name = "three levels",
  sizes = LARGE,
  people = function(index, number, size)
    local kind = number % 4
    local uid_range, ip_range = index % part(size, 100), index % part(size, 10)
    local ip = kind == 2 and cases[5].hit(ip_range) or cases[5].miss(ip_range)
    return kind == 0 and uid(index) or kind == 1 and cases[4].hit(uid_range) or other_uid(index), ip
  end,
  build = function(size)
    local matchers = { cases[2].build(size), cases[4].build(part(size, 100)), cases[5].build(part(size, 10)) }
    local levels = {}
    for number, matcher in ipairs(matchers) do
      local read = number == 3 and function(request)
        return request.clientAddress()
      end or function(request)
        return request.variable("http_x_uid")
      end
      levels[number] = { number = number, policyId = "", divtype = "", userinfo = "", read = read, matcher = matcher }
    end
    return require("dygateway.core.runtime.decide").createRuntime("bench", #levels, levels, {}).decide
  end,
}

-- The balancer: a choice and its end, all peers alive. The key is there for `hash`.
local function balanced(label, balance, weight)
  local function server(index)
    local made = {}
    for name, value in pairs(require("dygateway.core.upstream.model").serverDefaults) do
      made[name] = value
    end
    made.address, made.weight = dotted(167772160 + index) .. ":80", weight(index)
    return made
  end
  return {
    name = "balancer",
    label = label,
    sizes = { 10, 1000 },
    hit = path,
    build = function(size)
      local servers = {}
      for index = 1, size do
        servers[index] = server(index)
      end
      local balancer = require("dygateway.core.upstream.balancer").createBalancer({
        name = "bench",
        upstream = { servers = servers, balance = balance },
        addresses = {},
        now = 1000,
        random = math.random,
        pause = function() end,
      })
      return {
        match = function(key)
          local peer = balancer.pick(key, 1000)
          balancer.release(peer, 1000)
          balancer.succeeded(peer, 1000)
          return peer
        end,
      }
    end,
  }
end

local function equally()
  return 1
end
cases[12] = balanced("peers in turn", { kind = "round_robin" }, equally)
cases[13] = balanced("weighted peers in turn", { kind = "round_robin" }, function(index)
  return index % 10 + 1
end)
cases[14] = balanced("least_conn", { kind = "least_conn" }, equally)
cases[15] = balanced("consistent hash", { kind = "hash", key = "$uri", consistent = true }, equally)
cases[16] = balanced("random two", { kind = "random", two = true }, equally)

return cases
