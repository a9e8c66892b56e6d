import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { version } from "../../src/node/cli/version.ts";
import { Sandbox } from "./support/sandbox.ts";

const root = join(import.meta.dirname, "..", "..");

describe("the command line", () => {
  it("has the version of the package", async () => {
    const { version: packaged } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(version).toBe(packaged);
    expect(await new Sandbox().run(["--version"])).toEqual({ code: 0, out: packaged, err: "" });
  });

  it.each(["init", "render", "schema"])("shows examples of %s in its help, in 80 columns", async (command) => {
    const run = await new Sandbox().run([command, "--help"]);
    expect(run).toMatchObject({ code: 0, err: "" });
    expect(run.out).toMatch(/Examples?:\n {2}dygateway /);
    expect(run.out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it.each([[["rendr"]], [["render"]], [["render", "--nope"]], [["init", "a", "b"]]])("refuses %j with exit code 2", async (argv) => {
    const run = await new Sandbox().run(argv);
    expect(run.code).toBe(2);
    expect(run.out).toBe("");
    expect(run.err).toMatch(/^error: /);
  });

  it("runs as one bundled file", () => {
    const sandbox = new Sandbox();
    const file = sandbox.path("bin/dygateway.mjs");
    buildSync({
      entryPoints: [join(root, "src/node/cli/main.ts")],
      outfile: file,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      external: ["ffi"],
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
    expect(execFileSync(process.execPath, [file, "--version"], { encoding: "utf8" })).toBe(`${version}\n`);
  });
});
