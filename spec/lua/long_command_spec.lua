-- Long commands go past the client of Redis, into its open pipeline.
local long_command = require("dygateway.gateway.long_command")

local function words(count, word)
  local command = { "HSET", "key" }
  for i = 3, count do
    command[i] = word or tostring(i)
  end
  return command
end

describe("a long command", function()
  it("is encoded as an array of bulk strings", function()
    assert.equal("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$0\r\n\r\n", long_command.encodeCommand({ "SET", "a", "" }))
    for _, length in ipairs({ 1, 63, 64, 65, 70000 }) do
      local word = ("x"):rep(length)
      assert.equal("*2\r\n$3\r\nGET\r\n$" .. length .. "\r\n" .. word .. "\r\n", long_command.encodeCommand({ "GET", word }))
    end
  end)

  it("is put into the open pipeline, whole and once", function()
    local client = { _reqs = { "before" } }
    local command = words(100)
    assert.is_true(long_command.addLongCommand(client, command))
    assert.same({ "before", long_command.encodeCommand(command) }, client._reqs)
  end)

  it("is left to a client without a pipeline, and so is a short one", function()
    local client = setmetatable({}, { __index = function() return function() end end })
    assert.is_false(long_command.addLongCommand(client, words(100)))
    client = { _reqs = {} }
    assert.is_false(long_command.addLongCommand(client, words(20)))
    assert.same({}, client._reqs)
  end)
end)
