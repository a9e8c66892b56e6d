-- Whoever is about to read everything waits for the listener, so that it need not be read a second time; not for long.
local sleeps, on_sleep

local function nothing() end

local function put(name, module)
  package.loaded[name] = module
end

-- A listener whose connection hears nothing: reading from it suspends the thread that listens.
local function new_listener()
  local client = {
    client = nothing,
    set_timeout = nothing,
    close = nothing,
    subscribe = function()
      return true
    end,
    read_reply = function()
      return coroutine.yield()
    end,
  }
  put("dygateway.gateway.platform", { ngxNull = {} })
  put("dygateway.gateway.log", { logNotice = nothing, logErrorSometimes = nothing })
  put("dygateway.gateway.redis", {
    connect = function()
      return { ok = true, value = { client = client } }
    end,
  })
  package.loaded["dygateway.gateway.listener"] = nil
  local function never()
    return false
  end
  local function always()
    return true
  end
  local listener = require("dygateway.gateway.listener")
  return listener.createListener({}, { prefix = "p", channel = "p:changes" }, { everything = nothing }, nothing, never, always)
end

describe("waiting for the listener", function()
  before_each(function()
    sleeps, on_sleep = 0, nothing
    rawset(_G, "ngx", {
      sleep = function()
        sleeps = sleeps + 1
        on_sleep()
      end,
    })
  end)

  it("ends when it listens", function()
    local listener = new_listener()
    local thread = coroutine.create(listener.run)
    on_sleep = function()
      if sleeps == 3 then
        coroutine.resume(thread)
      end
    end
    listener.begun()
    assert.equal(3, sleeps)
    assert.is_true(listener.subscribed())
    listener.begun()
    assert.equal(3, sleeps)
  end)

  it("ends when it does not come to that", function()
    local listener = new_listener()
    listener.begun()
    assert.is_true(sleeps >= 25 and sleeps <= 35)
    assert.is_false(listener.subscribed())
  end)
end)
