import { chmodSync, existsSync, readFileSync, renameSync } from "node:fs";
import { build } from "esbuild";
import { forget, isCurrent, remember, stampOf } from "./stamp.ts";

const entry = "src/node/cli/main.ts";
const inputs = ["src/node", "src/dygateway/core", "package.json", "package-lock.json", "scripts/build/bundle.ts"];

/** Bundles the command into one executable file that needs nothing but Node beside it. */
export async function bundleCommand(outFile: string): Promise<"up to date" | "built" | { readonly failed: string }> {
  const stamp = stampOf("build/stamps/command", inputs);
  if (isCurrent(stamp) && existsSync(outFile)) {
    return "up to date";
  }
  if (!existsSync(entry)) {
    return { failed: `${entry} is not there` };
  }
  forget(stamp);
  const half = `${outFile}.half`;
  try {
    await build({
      entryPoints: [entry],
      outfile: half,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "esm",
      banner: { js: banner() },
      // LuaJIT's, on a path of core that Node never takes.
      external: ["ffi"],
      logLevel: "silent",
    });
  } catch (error) {
    return { failed: `${entry}: esbuild: ${error instanceof Error ? error.message : String(error)}` };
  }
  chmodSync(half, 0o755);
  renameSync(half, outFile);
  remember(stamp);
  return "built";
}

/** CommonJS dependencies call `require` for Node's own modules, and an ES module has none. */
function banner(): string {
  const shebang = readFileSync(entry, "utf8").startsWith("#!") ? "" : "#!/usr/bin/env node\n";
  return `${shebang}import { createRequire as createRequireOfBundle } from "node:module";\nconst require = createRequireOfBundle(import.meta.url);`;
}
