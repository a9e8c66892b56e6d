-- Errors that repeat themselves, and those that somebody else names: neither fills the log.
local logged, now

local function new_log()
  package.loaded["dygateway.gateway.log"] = nil
  return require("dygateway.gateway.log")
end

describe("errors that are logged once a minute", function()
  local log

  before_each(function()
    logged, now = {}, 1000
    rawset(_G, "ngx", {
      ERR = 4,
      now = function()
        return now
      end,
      log = function(_, prefix, text)
        logged[#logged + 1] = prefix .. text
      end,
    })
    log = new_log()
  end)

  it("are counted meanwhile", function()
    for _ = 1, 5 do
      log.logErrorSometimes("kind", "it broke")
    end
    assert.same({ "dygateway: it broke" }, logged)
    now = now + 60
    log.logErrorSometimes("kind", "it broke")
    assert.same("dygateway: it broke (and 4 more like this in the last minute)", logged[2])
  end)

  it("are told apart by their subjects", function()
    for _ = 1, 3 do
      log.logErrorOfSubject("kind", "add_peer a", "a broke")
      log.logErrorOfSubject("kind", "add_peer b", "b broke")
      log.logErrorOfSubject("other", "add_peer a", "a broke otherwise")
    end
    assert.same({ "dygateway: a broke", "dygateway: b broke", "dygateway: a broke otherwise" }, logged)
    now = now + 60
    log.logErrorOfSubject("kind", "add_peer b", "b broke")
    assert.same("dygateway: b broke (and 2 more like this in the last minute)", logged[4])
  end)

  it("count as one where there are too many subjects", function()
    for i = 1, 5000 do
      log.logErrorOfSubject("kind", "subject " .. i, "it broke " .. i)
    end
    assert.same(21, #logged)
    -- Another kind is not held back by that.
    log.logErrorOfSubject("other", "subject", "that broke")
    assert.same("dygateway: that broke", logged[22])
    now = now + 60
    log.logErrorOfSubject("kind", "late", "late")
    assert.same("dygateway: late", logged[23])
  end)

  it("do not remember a subject of any length", function()
    local long = ("x"):rep(100000)
    log.logErrorOfSubject("kind", long .. "a", "first")
    log.logErrorOfSubject("kind", long .. "b", "second")
    assert.same({ "dygateway: first" }, logged)
  end)
end)
