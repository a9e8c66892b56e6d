local ffi = require("ffi")
local eightDigits = require("dygateway.core.eight_digits").eightDigits

local memory = ffi.new("char[32]")

--- As the request path asks: a pointer into memory that goes on behind the text.
local function read(text)
  ffi.fill(memory, 32, string.byte("7"))
  ffi.copy(memory + 1, text, #text)
  return eightDigits(memory + 1, #text)
end

describe("digits, eight at a time", function()
  it("are the number that they stand for, of each length", function()
    for length = 8, 15 do
      for _, text in ipairs({ ("9"):rep(length), ("1"):rep(length), "1" .. ("0"):rep(length - 1), ("1234567890"):rep(2):sub(1, length) }) do
        assert.equal(tonumber(text), read(text))
      end
    end
  end)

  it("are not read where there are fewer, or more", function()
    for _, text in ipairs({ "", "1", "1234567", "1234567890123456" }) do
      assert.equal(-2, read(text))
    end
  end)

  it("are refused with any other byte at any place", function()
    for length = 8, 15 do
      for place = 1, length do
        for byte = 0, 255 do
          local digits = ("5"):rep(length)
          local text = digits:sub(1, place - 1) .. string.char(byte) .. digits:sub(place + 1)
          local expected = byte >= 48 and byte <= 57 and tonumber(text) or -1
          if read(text) ~= expected then
            assert.equal(expected, read(text), ("byte %d at %d of %d"):format(byte, place, length))
          end
        end
      end
    end
  end)

  it("are the same compiled and interpreted, with several other bytes at once", function()
    math.randomseed(20261126)
    local interpreted = {}
    local texts = {}
    for i = 1, 5000 do
      local bytes = {}
      for place = 1, math.random(8, 15) do
        bytes[place] = string.char(math.random() < 0.9 and math.random(48, 57) or math.random(0, 255))
      end
      texts[i] = table.concat(bytes)
    end
    jit.off()
    for i, text in ipairs(texts) do
      interpreted[i] = read(text)
      assert.equal(text:find("^%d+$") and tonumber(text) or -1, interpreted[i])
    end
    jit.on()
    for _ = 1, 3 do
      for i, text in ipairs(texts) do
        if read(text) ~= interpreted[i] then
          assert.equal(interpreted[i], read(text), text)
        end
      end
    end
  end)
end)
