-- Replies of Redis as they come over a socket: in pieces that end anywhere.
local protocol = require("dygateway.gateway.redis_protocol")
local nil_reply = require("dygateway.core.store.command").nilReply

-- A socket whose other side has sent `bytes`, in pieces of at most `piece`, and then closes.
local function socket_with(bytes, piece)
  local at = 1
  local function take(count)
    if at > #bytes then
      return nil, "closed"
    end
    local taken = bytes:sub(at, at + count - 1)
    at = at + #taken
    return taken
  end
  return {
    receiveany = function(_, most)
      return take(math.min(most, piece))
    end,
    receive = function(_, count)
      local taken = take(count)
      if taken == nil or #taken < count then
        return nil, "closed"
      end
      return taken
    end,
  }
end

local long = ("x"):rep(300)

local replies = {
  { "+OK\r\n", "OK" },
  { ":-42\r\n", -42 },
  { "$5\r\na\r\nbc\r\n", "a\r\nbc" },
  { "$0\r\n\r\n", "" },
  { "$-1\r\n", nil_reply },
  { "*-1\r\n", nil_reply },
  { "*0\r\n", {} },
  { "-WRONGTYPE it is\r\n", { kind = "error", message = "WRONGTYPE it is" } },
  { "$300\r\n" .. long .. "\r\n", long },
  { "*2\r\n$1\r\n0\r\n*3\r\n$1\r\na\r\n$-1\r\n-ERR no\r\n", { "0", { "a", nil_reply, { kind = "error", message = "ERR no" } } } },
}

local bytes, expected = "", {}
for i, reply in ipairs(replies) do
  bytes = bytes .. reply[1]
  expected[i] = reply[2]
end

describe("replies of Redis", function()
  for _, piece in ipairs({ 1, 2, 3, 7, 64, 100000 }) do
    it("are read in pieces of " .. piece, function()
      assert.same(expected, protocol.replyReader(socket_with(bytes, piece)).read(#replies))
    end)
  end

  it("are read on where the last ones ended", function()
    local reader = protocol.replyReader(socket_with(bytes, 100000))
    for i = 1, #replies do
      assert.same({ expected[i] }, reader.read(1))
    end
  end)

  it("that are cut off are none", function()
    for length = 0, #bytes - 1 do
      assert.equal("closed", protocol.replyReader(socket_with(bytes:sub(1, length), 50)).read(#replies))
    end
  end)

  it("are not made of what another server says", function()
    assert.equal("what answers is no Redis", protocol.replyReader(socket_with("HTTP/1.1 400 Bad Request\r\n", 50)).read(1))
  end)
end)

describe("commands", function()
  it("are sent with the length of each word in bytes, one text for each", function()
    local sent = protocol.commandBytes({ { "SET", "k", "é\r\n" }, { "PING" }, { "GET", "" } })
    assert.same({ "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\né\r\n\r\n", "*1\r\n$4\r\nPING\r\n", "*2\r\n$3\r\nGET\r\n$0\r\n\r\n" }, sent)
  end)

  it("may have words of any length", function()
    for _, length in ipairs({ 1, 63, 64, 65, 70000 }) do
      local word = ("x"):rep(length)
      assert.same({ "*2\r\n$3\r\nGET\r\n$" .. length .. "\r\n" .. word .. "\r\n" }, protocol.commandBytes({ { "GET", word } }))
    end
  end)
end)
