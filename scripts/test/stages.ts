import { mkdirSync, rmSync } from "node:fs";
import { buildLua } from "../build/lua.ts";
import { runCommand } from "./command.ts";
import { oneCheck, tallyTap, tallyVitest, type Tally } from "./tally.ts";

export interface Stage {
  readonly name: string;
  /** The value of ONLY that selects it. */
  readonly group: "lint" | "unit" | "lua" | "e2e";
  readonly run: () => Promise<Tally>;
}

const bin = "node_modules/.bin";
const luaSpecs = "build/lua-spec";

export const stages: readonly Stage[] = [
  { name: "lint", group: "lint", run: () => check(`${bin}/eslint`, ["."]) },
  { name: "types", group: "lint", run: () => check(`${bin}/tsc`, ["-p", "tsconfig.json", "--pretty", "false"]) },
  { name: "stray Lua globals", group: "lint", run: () => check("luacheck", ["--quiet", "--no-color", "lua-out"]) },
  { name: "unit tests in Node", group: "unit", run: () => vitest("unit") },
  { name: "unit tests in LuaJIT", group: "lua", run: busted },
  { name: "end-to-end tests", group: "e2e", run: () => vitest("e2e") },
];

async function check(command: string, args: string[]): Promise<Tally> {
  return oneCheck((await runCommand(command, args)).exitCode);
}

async function vitest(project: string): Promise<Tally> {
  const report = `build/results/${project}.json`;
  mkdirSync("build/results", { recursive: true });
  rmSync(report, { force: true });
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { exitCode } = await runCommand(`${bin}/vitest`, args);
  return tallyVitest(report, exitCode);
}

/** The specs of core, compiled to Lua, and those written in plain Lua, in the runtime that nginx embeds. */
async function busted(): Promise<Tally> {
  const compiled = buildLua({
    root: ".",
    project: "spec/tstl.json",
    outDir: luaSpecs,
    inputs: ["spec/core", "spec/cases", "spec/support/assert.ts", "spec/lua/busted.d.ts", "src/dygateway/core"],
    entries: ["lualib_bundle.lua"],
  });
  if (typeof compiled === "object") {
    console.log(compiled.failed);
    return { passed: 0, failed: 1, note: "the specs do not compile to Lua" };
  }
  const path = [`${luaSpecs}/?.lua`, "lua-out/?.lua", "lua-out/lib/?.lua", "spec/lua/?.lua"].map((entry) => `./${entry}`);
  const args = ["--lua=luajit", "--helper=spec/lua/strict.lua", "--output=TAP", "--pattern=_spec", `${luaSpecs}/spec`, "spec/lua"];
  const { exitCode, output } = await runCommand("busted", args, {
    env: { LUA_PATH: `${path.join(";")};;` },
    show: (line) => !/^ok \d+ - |^1\.\.\d+$/.test(line),
  });
  return tallyTap(output, exitCode);
}
