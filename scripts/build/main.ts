import { bundleCommand } from "./bundle.ts";
import { luaEntries } from "./entries.ts";
import { buildLua } from "./lua.ts";

async function main(): Promise<void> {
  const started = Date.now();
  const lua = buildLua({ root: ".", project: "tstl.json", outDir: "lua-out", inputs: ["src"], entries: luaEntries });
  const command = await bundleCommand("dist/dygateway.mjs");
  let failed = false;
  for (const [what, result] of [["lua-out", lua], ["dist/dygateway.mjs", command]] as const) {
    if (typeof result === "object") {
      failed = true;
      console.error(`build: ${what} FAILED\n${result.failed}`);
    } else {
      console.log(`build: ${what} ${result}`);
    }
  }
  console.log(`build: ${failed ? "failed" : "done"} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  process.exitCode = failed ? 1 : 0;
}

await main();
