-- What reads a million pairs out of their chunks must be compiled (docs/adr/0016): LuaJIT gives up on a path that calls one
-- function more than 15 times, and after a few attempts never tries again.
local byte_text = require("dygateway.core.byte_text").byteText
local each_span = require("dygateway.core.json.pairs_text").eachSpan
local types = require("dygateway.core.diversion.index").diversionTypes
local jutil = require("jit.util")
local vmdef = require("jit.vmdef")

local PAIRS_A_CHUNK = 500
local CHUNKS = 60
local ROUNDS = 4

local function chunks(pair)
  local texts = {}
  for chunk = 0, CHUNKS - 1 do
    local pairs_of_chunk = {}
    for n = 1, PAIRS_A_CHUNK do
      pairs_of_chunk[n] = pair(chunk * PAIRS_A_CHUNK + n - 1)
    end
    texts[#texts + 1] = "[" .. table.concat(pairs_of_chunk, ",") .. "]"
  end
  return texts
end

-- The longer path of the two comes first: it is the one that decides whether the loop is compiled.
local stored = {
  {
    divtype = "uidappoint",
    texts = chunks(function(n)
      return string.format('"%d","beta%d"', 10000000 + n * 7, n % 3)
    end),
  },
  {
    divtype = "uidrange",
    texts = chunks(function(n)
      local rule = math.floor(n / 2)
      local score = n % 2 == 0 and rule * 100 + 0.7 or rule * 100 + 50.3
      return string.format('"%d:beta%d","%.17g"', n, rule % 3, score)
    end),
  },
}

-- The loops of a function as they are now: LOOP was not hot, JLOOP is compiled, ILOOP will never be.
local function loops_of(fn)
  local found = {}
  for pc = 1, jutil.funcinfo(fn).bytecodes - 1 do
    local opcode = bit.band(jutil.funcbc(fn, pc), 0xff)
    local name = vmdef.bcnames:sub(opcode * 6 + 1, opcode * 6 + 6):gsub(" ", "")
    if name:match("LOOP$") then
      found[#found + 1] = name
    end
  end
  return found
end

describe("pairs as they lie in a text", function()
  for _, kind in ipairs(stored) do
    it("are compiled for " .. kind.divtype, function()
      for _ = 1, ROUNDS do
        local builder = types[kind.divtype].builder({}, CHUNKS * PAIRS_A_CHUNK)
        for _, text in ipairs(kind.texts) do
          assert.is_nil(each_span(byte_text(text), builder.addSpan))
        end
        assert.is_true(builder.finish().ok)
      end
      assert.same({ "JLOOP" }, loops_of(each_span))
    end)
  end
end)
