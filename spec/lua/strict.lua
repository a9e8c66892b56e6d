-- busted's helper: code of this project that reads or writes an undeclared global fails its test.
-- In nginx such a write is shared by every request of the worker, and a read is most often a typing error.
--
-- Only the calling file is judged: busted's own libraries look for globals of other Lua versions, and a spec
-- may set up `ngx` for the code it tests.

local function is_ours(source)
  return source:find("lua%-out/") ~= nil or source:find("build/lua%-spec/") ~= nil
end

local function refuse(verb)
  return function(table, name, value)
    -- 1 is this function, 2 the code that touched the global.
    if is_ours(debug.getinfo(2, "S").source) then
      error(verb .. " of the undeclared global '" .. tostring(name) .. "'", 2)
    end
    if verb == "write" then
      rawset(table, name, value)
    end
  end
end

setmetatable(_G, { __newindex = refuse("write"), __index = refuse("read") })
