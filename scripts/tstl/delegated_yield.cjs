"use strict";

/**
 * typescript-to-lua's `yield*` does not hand the values given to `next()` on to the generator it delegates to, so an
 * inner generator that asks for something is answered nil. Core's store work is made of such generators: here the
 * library function is taught to, in the emitted bundle. The build fails if the text it mends is no longer there.
 */
const broken = `        while true do
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
`;

const mended = `        local status, value = coroutine.resume(co)
        while true do
            if not status then
                error(value, 0)
            end
            if coroutine.status(co) == "dead" then
                return value
            end
            status, value = coroutine.resume(co, coroutine.yield(value))
        end
`;

module.exports = {
  beforeEmit(_program, _options, _host, files) {
    for (const file of files) {
      if (file.outputPath.endsWith("lualib_bundle.lua")) {
        if (file.code.split(broken).length !== 2) {
          throw new Error("scripts/tstl/delegated_yield.cjs: __TS__DelegatedYield has changed; look at it again");
        }
        file.code = file.code.replace(broken, mended);
      }
    }
  },
};
