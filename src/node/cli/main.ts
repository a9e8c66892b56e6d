/*
 * The command, from process to process. `make build` bundles it into one file; by hand that is
 *
 *   npx esbuild src/node/cli/main.ts --bundle --platform=node --format=esm --target=node20 --external:ffi \
 *     --banner:js='import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' \
 *     --outfile=dist/dygateway.mjs
 *
 * since dependencies written as CommonJS ask for Node's own modules through `require`, which an ES module does not have.
 */
import { runProgram } from "./program.ts";
import { processTerminal } from "./terminal.ts";

process.exitCode = await runProgram(process.argv.slice(2), processTerminal());
