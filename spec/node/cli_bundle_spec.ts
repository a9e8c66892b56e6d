import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StoreCli, uidSuffix } from "./cli_store.ts";
import { Sandbox } from "./support/sandbox.ts";
import { startStore, type StoreServer } from "./store_server.ts";

const root = join(import.meta.dirname, "..", "..");
let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

/** Built as `make build` does. */
function bundleIn(sandbox: Sandbox): string {
  const outfile = sandbox.path("bin/dygateway.mjs");
  buildSync({
    entryPoints: [join(root, "src/node/cli/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["ffi"],
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return outfile;
}

describe("the bundled command", () => {
  it("finds ./dygateway.yaml, reads stdin, stores, and ends by itself", async () => {
    const { sandbox } = new StoreCli(store);
    const bundle = bundleIn(sandbox);
    const run = async (argv: string[], input = ""): Promise<[code: number | null, out: string, err: string]> => {
      const child = spawn(process.execPath, [bundle, ...argv], { cwd: sandbox.folder });
      const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
      child.stdin.end(input);
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return [await ended, out, err];
    };
    expect(await run(["policy", "set", "-"], uidSuffix)).toEqual([0, "policy 0 stored: uidsuffix, 2 rules (revision 1)\n", ""]);
    expect(await run(["runtime", "set", "h", "--policy", "0"])).toEqual([0, "the runtime of h is set (revision 2)\n", ""]);
    expect((await run(["explain", "h", "--uid", "3"]))[1]).toMatch(/^h -> beta2, by level 1\n/);
    expect(await run(["policy", "check", "-"])).toEqual([1, "", "dygateway: expected parameter for request_body or post data (50101)\n"]);
  });
});

describe("the help", () => {
  it.each(["policy", "policy set", "policygroup", "policygroup get", "runtime", "runtime set", "explain", "audit", "status"])(
    "of %s has examples and 80 columns",
    async (command) => {
      const run = await new Sandbox().run([...command.split(" "), "--help"]);
      expect(run).toMatchObject({ code: 0, err: "" });
      expect(run.out).toMatch(/Examples:\n {2}dygateway /);
      expect(run.out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    },
  );
});
