import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { buildLua } from "../../scripts/build/lua.ts";
import { differentialDigest, digestText } from "../cases/differential.ts";

/** Other seeds and lengths: DIFFERENTIAL_SEED, DIFFERENTIAL_CASES. */
const seed = Number(process.env["DIFFERENTIAL_SEED"] ?? "20240617");
const cases = Number(process.env["DIFFERENTIAL_CASES"] ?? "1000000");

const outDir = "build/lua-spec";

/** The same project and inputs as the `lua` stage's, so that it finds its work done. */
function buildSpecs(): void {
  const built = buildLua({
    root: ".",
    project: "spec/tstl.json",
    outDir,
    inputs: ["spec/core", "spec/cases", "spec/support/assert.ts", "spec/lua/busted.d.ts", "src/dygateway/core"],
    entries: ["lualib_bundle.lua"],
  });
  if (typeof built === "object") {
    throw new Error(built.failed);
  }
}

async function luaDigest(): Promise<string> {
  const program = `
    local differential = require("spec.cases.differential")
    print(differential.digestText(differential.differentialDigest(${seed}, ${cases})))`;
  const env = { ...process.env, LUA_PATH: `./${outDir}/?.lua;;` };
  const { stdout } = await promisify(execFile)("luajit", ["-e", program], { env });
  return stdout.trim();
}

describe("core in Node and core in LuaJIT", () => {
  it(`give the same answers to ${cases} random requests (seed ${seed})`, { timeout: 300_000 }, async () => {
    buildSpecs();
    const inLua = luaDigest();
    const inNode = differentialDigest(seed, cases);
    expect(digestText(inNode)).toBe(await inLua);
    expect(inNode.cases).toBe(cases);
    expect(inNode.matched / inNode.cases, "share of requests that match a rule").toBeGreaterThan(0.1);
    expect(inNode.refused / inNode.policies, "share of policies that are refused").toBeGreaterThan(0.05);
  });
});
