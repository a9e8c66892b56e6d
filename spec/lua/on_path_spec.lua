-- Functions that each request runs are marked @inlined (scripts/tstl/inlined.cjs): the compiler makes them vararg.
local strategies = require("dygateway.core.upstream.balance.strategies")
local peer = require("dygateway.core.upstream.balance.peer")
local model = require("dygateway.core.upstream.model")

local balances = {
  { kind = "round_robin" },
  { kind = "least_conn" },
  { kind = "ip_hash" },
  { kind = "hash", key = "$uri", consistent = false },
  { kind = "hash", key = "$uri", consistent = true },
  { kind = "random", two = false },
  { kind = "random", two = true },
}

describe("a way to choose", function()
  for _, balance in ipairs(balances) do
    it(balance.kind .. (balance.consistent and " consistent" or "") .. " is no start of compiled code", function()
      local server = setmetatable({ address = "a:1" }, { __index = model.serverDefaults })
      local group = peer.peerGroup({}, false)
      local choose = strategies.strategy(balance, group, { server }, math.random, function() end)
      assert.is_true(debug.getinfo(choose, "u").isvararg)
    end)
  end

  for _, name in ipairs({ "least_conn.leastConn", "round_robin.roundRobin", "crc32.crc32", "state.catchUp", "tape.leaveTape" }) do
    it("by " .. name .. " is none, either", function()
      local file, exported = name:match("^(.*)%.(.*)$")
      local on_path = require("dygateway.core.upstream.balance." .. file)[exported]
      assert.is_true(debug.getinfo(on_path, "u").isvararg)
    end)
  end
end)
