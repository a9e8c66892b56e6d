-- The net under the other specs: spec/lua/strict.lua.
local function code_of(file, text)
  return setfenv(assert(loadstring(text, "@" .. file)), _G)
end

describe("code of the gateway", function()
  it("fails when it reads an undeclared global", function()
    assert.has_error(
      code_of("./lua-out/dygateway/core/x.lua", "return mistyped"),
      "read of the undeclared global 'mistyped'"
    )
  end)

  it("fails when it writes one", function()
    assert.has_error(
      code_of("./build/lua-spec/src/x.lua", "shared_by_all_requests = 1"),
      "write of the undeclared global 'shared_by_all_requests'"
    )
    assert.is_nil(rawget(_G, "shared_by_all_requests"))
  end)

  it("may use what Lua has", function()
    assert.are.equal("string", code_of("./lua-out/x.lua", "return type(tostring(1))")())
  end)
end)
