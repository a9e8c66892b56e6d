import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useCluster, WORKERS } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { workersOf } from "./faults.ts";
import { byNetwork, byRange, type Level } from "./users.ts";
import { putInForce, witnessed } from "./witness.ts";

/** The last digit of the uid says what becomes of the request: most ways in which Lua code of others fails. */
const MOODY_MODULE = `
local ERRORINFO = require('abtesting.error.errcode').info
local _M = {}
local mt = { __index = _M }
_M.new = function(self, database, policyLib)
    self.database = database
    self.policyLib = policyLib
    return setmetatable(self, mt)
end
_M.check = function(self, policy) return {true} end
_M.set = function(self, policy) self.database:hset(self.policyLib, 'any', 'beta1') end
local function deeper(n) return 1 + deeper(n) end
_M.getUpstream = function(self, uid)
    local digit = uid:sub(-1)
    local nothing
    if digit == '1' then error('this module throws') end
    if digit == '2' then return nothing.upstream end
    if digit == '3' then for _ in pairs(nothing) do end end
    if digit == '4' then error{ERRORINFO.ARG_BLANK_ERROR, 'no arg of ours'} end
    if digit == '5' then return 42 end
    if digit == '6' then return deeper(1) end
    if digit == '7' then error() end
    if digit == '8' then return self.database:hget(self.policyLib, 'any') end
    return nil
end
return _M
`;

/** Fails for uids that end with 9. */
const MOODY_PARSER = `
local _M = {}
_M.get = function()
    local uid = ngx.var.http_x_uid
    if uid:sub(-1) == '9' then
        local nothing
        return nothing.uid
    end
    return uid
end
return _M
`;

const NO_TABLE = "return 42\n";
const NO_LUA = "local _M = {\n";
const THROWS_WHEN_LOADED = "error('not today')\n";
const THROWS_WHEN_MADE = "return { new = function() local nothing; return nothing.instance end }\n";

const modules = {
  moody: MOODY_MODULE,
  no_table: NO_TABLE,
  no_lua: NO_LUA,
  throws_when_loaded: THROWS_WHEN_LOADED,
  throws_when_made: THROWS_WHEN_MADE,
};

const cluster = useCluster({
  prepare: ({ prefix }) => {
    const lib = join(prefix, "lib/abtesting");
    mkdirSync(join(lib, "diversion"), { recursive: true });
    for (const [name, text] of Object.entries(modules)) {
      writeFileSync(join(lib, "diversion", `${name}.lua`), text);
    }
    writeFileSync(join(lib, "userinfo", "moodyParser.lua"), MOODY_PARSER);
    writeFileSync(join(lib, "userinfo", "brokenParser.lua"), NO_LUA);
  },
  config: () => ({ divtypes: { moody: "moodyParser" } }),
});

/** Whoever makes it fail goes to the default; the others on to the next level. */
const moody: Level = {
  policy: { divtype: "moody", divdata: [{ any: "thing" }] },
  match: ({ uid }) => (uid % 10 === 8 ? "beta1" : uid % 10 === 0 ? undefined : "stable"),
};

describe("a third-party module that fails, under traffic", () => {
  test("whoever makes it or its parser fail goes to the default; the log says why, now and then", async () => {
    await witnessed(cluster, "a module and a parser that throw", [moody, byRange("beta3"), byNetwork("beta4")], async (witness, host) => {
      await witness.more(1500);
      const lines = cluster.gateway.errorLog().split("\n").filter((line) => line.includes(`${host}: `));
      console.info(`${witness.sent} requests, four in five of which failed in Lua: ${lines.length} lines in the error log`);
      expect(lines.length).toBeGreaterThanOrEqual(1);
      expect(lines.length).toBeLessThanOrEqual(WORKERS);
      const reason = /this module throws|attempt to index|bad argument #1 to 'pairs'|bad argument #1 to 'for iterator'|no arg of ours|answered a number|stack overflow|: nil/;
      for (const line of lines) {
        expect(line).toMatch(/\[error\].*request went to its default upstream: /);
        expect(line).toMatch(reason);
      }
      await putInForce(witness, cluster, host, [byRange("beta2")]);
    });
  });

  test.each<[digit: string, reason: RegExp]>([
    ["1", /moody\.lua:\d+: this module throws/],
    ["2", /moody\.lua:\d+: attempt to index .*nothing/],
    ["3", /moody\.lua:\d+: bad argument #1 to '(?:pairs|for iterator)'/],
    ["4", /no arg of ours/],
    ["5", /answered a number/],
    ["6", /stack overflow/],
    ["7", /default upstream: nil,/],
    ["9", /moodyParser\.lua:\d+: attempt to index .*nothing/],
  ])("a uid that ends with %s, of a hostname of its own: the log has %s", async (digit, reason) => {
    const host = cluster.newHost();
    await cluster.divert(host, moody.policy);
    expect(await cluster.ask(host, { headers: { "X-Uid": `700000${digit}` } })).toBe("stable");
    const lines = cluster.gateway.errorLog().split("\n").filter((line) => line.includes(`${host}: `));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\[error\].*request went to its default upstream: /);
    expect(lines[0]).toMatch(reason);
  });

  test.each([
    ["divModulename", "abtesting.diversion.no_table", /no_table.*does not return a table/],
    ["divModulename", "abtesting.diversion.no_lua", /no_lua/],
    ["divModulename", "abtesting.diversion.throws_when_loaded", /not today/],
    ["divModulename", "abtesting.diversion.throws_when_made", /attempt to index/],
    ["userInfoModulename", "abtesting.userinfo.brokenParser", /brokenParser/],
  ])("%s %s: that level is skipped and reported, the others work", async (field, module, reason) => {
    const levels = [byRange("beta1"), byNetwork("beta4")];
    await witnessed(cluster, module, levels, async (witness, host) => {
      witness.begin(levels.slice(1));
      await cluster.redis.client.set(`ab:test:runtimeInfo:${host}:first:${field}`, module);
      await until("every worker has left it out", async () => (await workersOf(cluster)).every((worker) => worker.broken_levels === 1));
      witness.settle();
      const { data } = await cluster.done("status");
      expect(data.broken).toEqual([expect.objectContaining({ hostname: host, level: 1 })]);
      expect(data.broken[0].reason).toMatch(reason);
      await witness.more(100);
      await putInForce(witness, cluster, host, [byRange("beta2")]);
    });
  });

  test("nothing of it shows as a fault of the gateway", () => {
    // The reasons themselves quote Lua: what must not be there is an error that nobody caught.
    const own = cluster.gateway.errorLog().split("\n").filter((line) => !line.includes("dygateway: ")).join("\n");
    expect(own).not.toMatch(/runtime error|stack traceback|entry thread aborted|exited on signal/);
  });
});
