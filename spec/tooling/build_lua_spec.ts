import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { buildLua, type LuaBuildResult } from "../../scripts/build/lua.ts";
import { temporaryDirectory, writeTree } from "./support/sandbox.ts";

function project(source: string): string {
  const root = temporaryDirectory();
  // The compiler, and what tstl.json names.
  for (const name of ["node_modules", "scripts"]) {
    symlinkSync(resolve(name), join(root, name));
  }
  const options = JSON.parse(readFileSync("tstl.json", "utf8")) as Record<string, unknown>;
  writeTree(root, { "tstl.json": JSON.stringify({ ...options, include: ["src"] }), "src/main.ts": source });
  return root;
}

function build(root: string, entries: readonly string[] = ["main.lua"]): LuaBuildResult {
  return buildLua({ root, project: "tstl.json", outDir: "lua-out", inputs: ["src"], entries });
}

const good = "export const answer = 42;\n";
/** Numbers are always true in Lua: the compiler only warns, and its exit code is 0. */
const warned = "export function isSet(count: number): boolean {\n  return count ? true : false;\n}\n";

function problemOf(result: LuaBuildResult): string {
  return typeof result === "object" ? result.failed : `not failed: ${result}`;
}

describe("the build of the Lua tree", () => {
  it("emits once and is up to date after that", () => {
    const root = project(good);
    expect(build(root)).toBe("built");
    expect(readFileSync(join(root, "lua-out/main.lua"), "utf8")).toContain("42");
    expect(build(root)).toBe("up to date");
  });

  it("fails on a compiler warning and keeps the last good output", () => {
    const root = project(good);
    build(root);
    writeTree(root, { "src/main.ts": warned });
    expect(problemOf(build(root))).toMatch(/src\/main\.ts.*warning TSTL/);
    expect(readFileSync(join(root, "lua-out/main.lua"), "utf8")).toContain("42");
    expect(problemOf(build(root))).toMatch(/warning TSTL/);
  });

  it("fails on a type error", () => {
    expect(problemOf(build(project("export const n: number = 'text';\n")))).toMatch(/error TS2322/);
  });

  it("fails when an entry file is not emitted, and names it", () => {
    const root = project(good);
    expect(problemOf(build(root, ["main.lua", "admin/ab_action.lua"]))).toContain("lack admin/ab_action.lua");
    expect(existsSync(join(root, "lua-out"))).toBe(false);
  });

  it("removes what an earlier build emitted and this one does not", () => {
    const root = project(good);
    build(root);
    writeTree(root, { "lua-out/stale.lua": "", "src/main.ts": "export const answer = 43;\n" });
    expect(build(root)).toBe("built");
    expect(existsSync(join(root, "lua-out/stale.lua"))).toBe(false);
  });

  it("builds again when the output was removed", () => {
    const root = project(good);
    build(root);
    rmSync(join(root, "lua-out/main.lua"));
    expect(build(root)).toBe("built");
    expect(existsSync(join(root, "lua-out/main.lua"))).toBe(true);
  });
});
