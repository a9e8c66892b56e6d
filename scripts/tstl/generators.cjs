"use strict";

/**
 * What core's store work, which is made of generators, needs of typescript-to-lua's library: here its functions are
 * replaced in the emitted bundle. The build fails if their text is no longer there.
 *
 * - `yield*` hands the values given to `next()` on to the generator that it delegates to; theirs answers it nil.
 * - A generator has no coroutine before its first `next()`, and one that is delegated to before that never gets one: its
 *   function runs in the coroutine of the one that delegates. Nginx keeps a record of each coroutine, and looks through
 *   all of a request's whenever one is made or resumed.
 */
const replaced = [
  {
    name: "__TS__DelegatedYield",
    theirs: `    elseif iterable.____coroutine ~= nil then
        local co = iterable.____coroutine
        while true do
            local status, value = coroutine.resume(co)
            if not status then
                error(value, 0)
            end
            if coroutine.status(co) == "dead" then
                return value
            else
                coroutine.yield(value)
            end
        end
`,
    ours: `    elseif iterable.____fn ~= nil then
        local fn = iterable.____fn
        iterable.____fn = nil
        return fn(__TS__Unpack(iterable.____args, 1, iterable.____argsLength))
    elseif iterable.____coroutine ~= nil then
        local co = iterable.____coroutine
        local status, value = coroutine.resume(co)
        while true do
            if not status then
                error(value, 0)
            end
            if coroutine.status(co) == "dead" then
                return value
            end
            status, value = coroutine.resume(co, coroutine.yield(value))
        end
`,
  },
  {
    name: "the beginning of __TS__Generator",
    theirs: `        local co = self.____coroutine
        if coroutine.status(co) == "dead" then
            return {done = true}
        end
        local status, value = coroutine.resume(co, ...)
        if not status then
            error(value, 0)
        end
        return {
`,
    ours: `        local co = self.____coroutine
        local status, value
        if self.____fn ~= nil then
            co = coroutine.create(self.____fn)
            self.____coroutine = co
            self.____fn = nil
            status, value = coroutine.resume(co, __TS__Unpack(self.____args, 1, self.____argsLength))
        elseif co == nil or coroutine.status(co) == "dead" then
            return {done = true}
        else
            status, value = coroutine.resume(co, ...)
        end
        if not status then
            error(value, 0)
        end
        return {
`,
  },
  {
    name: "the end of __TS__Generator",
    theirs: `                ____coroutine = coroutine.create(function() return fn(__TS__Unpack(args, 1, argsLength)) end),
`,
    ours: `                ____fn = fn,
                ____args = args,
                ____argsLength = argsLength,
`,
  },
];

module.exports = {
  beforeEmit(_program, _options, _host, files) {
    for (const file of files) {
      if (file.outputPath.endsWith("lualib_bundle.lua")) {
        for (const { name, theirs, ours } of replaced) {
          if (file.code.split(theirs).length !== 2) {
            throw new Error(`scripts/tstl/generators.cjs: ${name} has changed; look at it again`);
          }
          file.code = file.code.replace(theirs, ours);
        }
      }
    }
  },
};
