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

  it("are read one after the other, as they are asked for", function()
    local arriving
    local reader = protocol.replyReader({
      receiveany = function() return arriving:receiveany(100000) end,
      receive = function(_, count) return arriving:receive(count) end,
    })
    for i, reply in ipairs(replies) do
      arriving = socket_with(reply[1], 100000)
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

local LONGEST_TEXT = 512 * 1024 * 1024

local no_number = "Redis has sent a number that is none"
local below_zero = "Redis has sent a length below 0"
local too_long = "Redis has announced a text longer than there can be"
local not_as_long = "Redis has sent a text that is not as long as it says"
local no_redis = "what answers is no Redis"
local too_deep = "Redis has sent lists in lists, too many of them"
local too_many = "Redis has sent more than it was asked for"
local no_end = "Redis has sent a line without an end"

local broken = {
  { "$\r\n", no_number },
  { "$five\r\nhello\r\n", no_number },
  { "$5 \r\nhello\r\n", no_number },
  { "$0x5\r\nhello\r\n", no_number },
  { "$1e9\r\n", no_number },
  { "$nan\r\n", no_number },
  { "$inf\r\n", no_number },
  { "$5\0\r\nhello\r\n", no_number },
  { "$--1\r\n", no_number },
  { "$-2\r\n", below_zero },
  { "$-5\r\nhello\r\n", below_zero },
  { "$4\r\nhello\r\n", not_as_long },
  { "$6\r\nhello\r\n+OK\r\n", not_as_long },
  { "$5\r\nhello\n\r", not_as_long },
  { "$" .. LONGEST_TEXT + 1 .. "\r\nhello\r\n", too_long },
  { "$99999999999999999999\r\nhello\r\n", too_long },
  { "$" .. LONGEST_TEXT .. "\r\nhello\r\n", "closed" },
  { "$123456789012345678901\r\nhello\r\n", no_number },
  { "*two\r\n:1\r\n:2\r\n", no_number },
  { "*1.0\r\n:1\r\n", no_number },
  { "*-2\r\n", below_zero },
  { "*3\r\n:1\r\n:2\r\n", "closed" },
  { "*99999999999999999999\r\n:1\r\n", "closed" },
  { ("*1\r\n"):rep(100000) .. ":1\r\n", too_deep },
  { ":\r\n", no_number },
  { ":one\r\n", no_number },
  { ":1.5\r\n", no_number },
  { ":+1\r\n", no_number },
  { "\r\n", no_redis },
  { "\0OK\r\n", no_redis },
  { "%1\r\n+a\r\n+b\r\n", no_redis },
  { "_\r\n", no_redis },
  { "hello\r\n", no_redis },
  { "+" .. ("x"):rep(100000), no_end },
}

describe("what no Redis should send", function()
  for _, case in ipairs(broken) do
    it(("%q is refused: %s"):format(case[1]:sub(1, 40), case[2]), function()
      for _, piece in ipairs({ 1, 7, 100000 }) do
        assert.equal(case[2], protocol.replyReader(socket_with(case[1], piece)).read(1))
      end
    end)
  end

  it("is refused where more has arrived than was asked for", function()
    assert.equal(too_many, protocol.replyReader(socket_with("*1\r\n:1\r\n:2\r\n", 100000)).read(1))
  end)

  it("is refused before more than a line of it is kept, where it never ends", function()
    local taken = 0
    local endless = {
      receiveany = function(_, most)
        taken = taken + math.min(most, 4096)
        return ("x"):rep(math.min(most, 4096))
      end,
    }
    assert.equal(no_end, protocol.replyReader(endless).read(1))
    assert.is_true(taken < 100000)
  end)

  it("is refused or read, with any bytes changed, and never raises or asks for more than a text can be", function()
    local known = { closed = 0 }
    for _, reason in ipairs({ no_number, below_zero, too_long, not_as_long, no_redis, too_deep, too_many, no_end }) do
      known[reason] = 0
    end
    local seed = 1
    local function below(limit)
      seed = seed * 16807 % 2147483647
      return seed % limit
    end
    local strange = { "\0", "\r", "\n", "\r\n", "$", "*", ":", "-", "+", "0", "9", "99999999", "-1", "1e9", "nan", "\255", "%", "" }
    local read = 0
    for _ = 1, 20000 do
      local changed = bytes
      for _ = 0, below(3) do
        local at = below(#changed + 1)
        changed = changed:sub(1, at) .. strange[1 + below(#strange)] .. changed:sub(at + 1 + below(3))
      end
      local socket = socket_with(changed, 1 + below(400))
      local receive = socket.receive
      socket.receive = function(self, count)
        assert.is_true(count > 0 and count <= LONGEST_TEXT + 2)
        return receive(self, count)
      end
      local found = protocol.replyReader(socket).read(#replies)
      if type(found) == "string" then
        assert.is_not_nil(known[found], found)
        known[found] = known[found] + 1
      else
        assert.equal(#replies, #found)
        read = read + 1
      end
    end
    -- A change inside of a text is none of the protocol's business; most others must be seen.
    assert.is_true(read < 5000)
    for _, reason in ipairs({ no_number, not_as_long, no_redis, too_many, "closed" }) do
      assert.is_true(known[reason] > 0, reason)
    end
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
