import { mkdirSync, rmSync } from "node:fs";
import { buildLua } from "../build/lua.ts";
import { runCommand } from "./command.ts";
import { failedFiles, oneCheck, tallyRunAgain, tallyTap, tallyVitest, type Tally } from "./tally.ts";

export interface Stage {
  readonly name: string;
  /** The value of ONLY that selects it. */
  readonly group: "lint" | "unit" | "lua" | "e2e";
  /** @param say takes each line that a person wants to see */
  readonly run: (say: Say) => Promise<Tally>;
}

export type Say = (line: string) => void;

const bin = "node_modules/.bin";
const luaSpecs = "build/lua-spec";

/**
 * Phases come one after the other. The lanes of a phase run beside each other, the stages of a lane in turn: the checks of
 * one thread beside the unit tests, and with them the end-to-end tests that mostly wait. Those with nginx in them come
 * alone, because many of them look at times.
 */
export const phases: readonly (readonly (readonly Stage[])[])[] = [
  [
    [{ name: "unit tests in Node", group: "unit", run: (say) => vitest("unit", say) }],
    [
      { name: "lint", group: "lint", run: (say) => check(`${bin}/eslint`, ["."], say) },
      { name: "types", group: "lint", run: (say) => check(`${bin}/tsc`, ["-p", "tsconfig.json", "--pretty", "false"], say) },
      { name: "stray Lua globals", group: "lint", run: (say) => check("luacheck", ["--quiet", "--no-color", "lua-out"], say) },
      { name: "unit tests in LuaJIT", group: "lua", run: busted },
    ],
    [{ name: "end-to-end, LVS", group: "e2e", run: (say) => endToEnd("e2e-lvs", say) }],
    [{ name: "end-to-end, waiting", group: "e2e", run: (say) => endToEnd("e2e-waiting", say) }],
  ],
  [[{ name: "end-to-end tests", group: "e2e", run: (say) => endToEnd("e2e", say) }]],
];

async function check(command: string, args: string[], say: Say): Promise<Tally> {
  return oneCheck((await runCommand(command, args, { say })).exitCode);
}

async function vitest(project: string, say: Say): Promise<Tally> {
  const report = reportOf(project);
  return tallyVitest(report, await runVitest(project, report, [], say));
}

function reportOf(run: string): string {
  return `build/results/${run}.json`;
}

async function runVitest(project: string, report: string, files: readonly string[], say: Say): Promise<number> {
  mkdirSync("build/results", { recursive: true });
  rmSync(report, { force: true });
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...files];
  return (await runCommand(`${bin}/vitest`, args, { say })).exitCode;
}

/** In more files than these it is no mishap of a busy machine. */
const MOST_FILES_AGAIN = 2;

/**
 * Processes, sockets and clocks of a busy machine: where something failed in a file or two, those are run once more, whole.
 * What passes then is named at the end as unstable, with its first reason: a defect that waits to be found, but no reason to
 * call everything else broken.
 */
async function endToEnd(project: string, say: Say): Promise<Tally> {
  const report = reportOf(project);
  const exitCode = await runVitest(project, report, [], say);
  const again = failedFiles(report);
  if (again.length === 0 || again.length > MOST_FILES_AGAIN) {
    return tallyVitest(report, exitCode);
  }
  say(`\nrun once more: ${again.join(", ")}`);
  const second = reportOf(`${project}-again`);
  const secondExitCode = await runVitest(project, second, again, say);
  return tallyRunAgain(report, second, secondExitCode);
}

/** The specs of core, compiled to Lua, and those written in plain Lua, in the runtime that nginx embeds. */
async function busted(say: Say): Promise<Tally> {
  const compiled = buildLua({
    root: ".",
    project: "spec/tstl.json",
    outDir: luaSpecs,
    inputs: ["spec/core", "spec/cases", "spec/support/assert.ts", "spec/lua/busted.d.ts", "src/dygateway/core"],
    entries: ["lualib_bundle.lua"],
  });
  if (typeof compiled === "object") {
    say(compiled.failed);
    return { passed: 0, failed: 1, note: "the specs do not compile to Lua" };
  }
  const path = [`${luaSpecs}/?.lua`, "lua-out/?.lua", "lua-out/lib/?.lua", "spec/lua/?.lua"].map((entry) => `./${entry}`);
  const args = ["--lua=luajit", "--helper=spec/lua/strict.lua", "--output=TAP", "--pattern=_spec", `${luaSpecs}/spec`, "spec/lua"];
  const { exitCode, output } = await runCommand("busted", args, {
    env: { LUA_PATH: `${path.join(";")};;` },
    say,
    show: (line) => !/^ok \d+ - |^1\.\.\d+$/.test(line),
  });
  return tallyTap(output, exitCode);
}
