-- The leading worker's work for peers where what it relies on breaks, or is very large. What is around a module of the
-- gateway is put in the place of nginx here: busted takes it away after each block.
local HEALTH = "dygateway.gateway.health."
local clock

local function nothing() end

local function never()
  return false
end

local function put(name, module)
  package.loaded[name] = module
end

local function load(name)
  package.loaded[name] = nil
  return require(name)
end

local function put_nginx()
  clock = 1000
  rawset(_G, "ngx", {
    now = function()
      return clock
    end,
    md5 = function()
      return "digest"
    end,
    sleep = nothing,
    worker = {
      pid = function()
        return 7
      end,
    },
  })
  put("dygateway.gateway.log", { logNotice = nothing, logWarning = nothing, logError = nothing, logErrorSometimes = nothing })
end

describe("a name whose lookup breaks", function()
  it("is asked for again", function()
    put_nginx()
    local asked = 0
    local written
    put(HEALTH .. "dns_lookup", {
      dnsConfig = nothing,
      lookUp = function()
        asked = asked + 1
        if asked == 1 then
          error("no descriptors")
        end
        return { v4 = { addresses = { "10.0.0.1" }, ttl = 60, problem = "" }, v6 = { addresses = {}, ttl = 0, problem = "" } }
      end,
      noAnswers = function(problem)
        local none = { addresses = {}, ttl = 0, problem = problem }
        return { v4 = none, v6 = none }
      end,
    })
    put(HEALTH .. "pool", {
      createPool = function(_, run)
        return {
          add = function(_, job)
            pcall(run, job)
          end,
        }
      end,
    })
    put(HEALTH .. "records", {
      NAMES = { prefix = "dn:", index = "dns" },
      readName = nothing,
      recordWriter = function()
        return {
          write = function(records)
            written = records[1].record
          end,
        }
      end,
    })
    local names = load(HEALTH .. "names").watchNames({}, nothing, nothing, never)
    names.watch("u", { servers = { { address = "api.test:80" } } })
    names.step(clock)
    assert.are.equal(1, asked)
    assert.is_truthy(written.problem:find("no descriptors", 1, true))
    clock = clock + 60
    names.step(clock)
    assert.are.equal(2, asked)
    assert.are.same({ "10.0.0.1" }, written.addresses)
  end)
end)

describe("addresses that moved", function()
  it("are handed on later where there is no room for them", function()
    put_nginx()
    local moved
    local published = {}
    local steps = 0
    local function made(module)
      return function()
        return module
      end
    end
    put("dygateway.gateway.leader", { leaderPid = ngx.worker.pid })
    put("dygateway.gateway.node_settings", { thisNode = made({ settings = { snapshotDir = "" } }) })
    put("dygateway.gateway.pace", { pacer = made(nothing) })
    put("dygateway.gateway.shared_state", {
      readPosition = nothing,
      publish = function(step)
        published[#published + 1] = step.upstreams[1].name
        if #published == 1 then
          error("no memory")
        end
      end,
    })
    put("dygateway.gateway.shared_upstreams", { readUpstreamText = made("{}") })
    put("dygateway.gateway.upstreams", { upstreamsInForce = made({}) })
    put(HEALTH .. "change_log", { createChangeLog = made({ step = nothing }) })
    put(HEALTH .. "checks", { createChecks = made({ step = nothing, close = nothing }) })
    put(HEALTH .. "events", { publishEvents = nothing })
    put(HEALTH .. "failures", { createFailures = made({}) })
    put(HEALTH .. "health_file", { createHealthKeeper = made({ save = nothing, changed = nothing }) })
    put(HEALTH .. "names", {
      watchNames = function(_, on_moved)
        moved = on_moved
        return { step = nothing, sweep = nothing, close = nothing }
      end,
    })
    put(HEALTH .. "records", {
      recordWriter = made({ names = made({}), write = nothing, remove = nothing }),
    })
    put(HEALTH .. "tick", { listenToEvents = nothing })
    load(HEALTH .. "follow_health").followHealth(function()
      steps = steps + 1
      if steps == 1 then
        moved({ "shop" })
      end
      return steps > 4
    end)
    assert.are.same({ "shop", "shop" }, published)
  end)
end)

describe("the hosts file", function()
  it("is read once in a few seconds, however many names are looked up", function()
    put_nginx()
    local reads = 0
    put("dygateway.gateway.files", {
      eachLine = function(_, take)
        reads = reads + 1
        take("10.0.0.1 api.test")
        return true
      end,
      readLines = nothing,
    })
    put("dygateway.gateway.pace", {
      pacer = function()
        return nothing
      end,
    })
    put("dygateway.gateway.platform", { dnsModule = nothing })
    local look_up = load(HEALTH .. "dns_lookup").lookUp
    local config = { nameservers = {}, search = {}, ndots = 1 }
    for _ = 1, 10 do
      assert.are.same({ "10.0.0.1" }, look_up("api.test", config).v4.addresses)
      look_up("other.test", config)
    end
    assert.are.equal(1, reads)
    clock = clock + 6
    look_up("api.test", config)
    assert.are.equal(2, reads)
  end)
end)

describe("what is known of thousands of upstreams", function()
  it("is restored with their names written once, and saved again", function()
    put_nginx()
    local count = 9000
    local stored, writes, encoded, saved = {}, {}, {}, 0
    local lines = { "dygateway-health 1 digest " .. count + 1, tostring(clock) }
    for i = 1, count do
      lines[#lines + 1] = (i % 2 == 0 and "hc:u" or "dn:u") .. i .. " {}"
    end
    put("dygateway.gateway.files", {
      readLines = function()
        return lines
      end,
      writeFile = function(_, write)
        write({})
      end,
      writeLine = function()
        saved = saved + 1
      end,
    })
    put("dygateway.gateway.platform", {
      cjson = {
        encode = function(value)
          encoded[#encoded + 1] = value
          return tostring(#encoded)
        end,
        decode = function(text)
          return encoded[tonumber(text)] or {}
        end,
      },
      dict = function()
        return {
          get = function(_, key)
            return stored[key]
          end,
          safe_set = function(_, key, value)
            stored[key] = value
            writes[key] = (writes[key] or 0) + 1
            return true
          end,
        }
      end,
    })
    load("dygateway.gateway.shared_dict")
    load(HEALTH .. "records")
    local file = load(HEALTH .. "health_file")
    file.restoreHealth("/snapshot")
    assert.are.same({ 1, 1 }, { writes.hcs, writes.dns })
    local keeper = file.createHealthKeeper("/snapshot", nothing)
    keeper.changed()
    keeper.save()
    assert.are.equal(count + 2, saved)
  end)
end)
