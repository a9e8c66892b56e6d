import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/node/config/load.ts";
import { renderSet } from "../../src/node/render/rendered_set.ts";
import type { Site } from "../../src/node/render/site.ts";
import { outputTarget } from "../../src/node/render/target.ts";

/**
 * What rendering makes of spec/golden/<name>/dygateway.yaml, byte for byte. After an intended change:
 *
 *   UPDATE_GOLDEN=1 npx vitest run spec/node/golden_spec.ts
 *
 * and read the difference before it is committed.
 */
const golden = join(import.meta.dirname, "..", "golden");

const debian: Site = {
  nginx: {
    path: "/usr/sbin/nginx",
    isOpenResty: false,
    modules: ["/usr/lib/nginx/modules/ndk_http_module.so", "/usr/lib/nginx/modules/ngx_http_lua_module.so"],
    mimeTypes: "/etc/nginx/mime.types",
  },
  install: "/usr/local/dygateway",
  workerUser: "www-data",
};
const openresty: Site = {
  nginx: { path: "/usr/local/openresty/nginx/sbin/nginx", isOpenResty: true, modules: [], mimeTypes: null },
  install: "/opt/dygateway",
  workerUser: null,
};

describe("rendered files are as the golden ones", () => {
  it.each([
    ["minimal", openresty],
    ["everything", debian],
  ])("%s", (name, site) => {
    const folder = join(golden, name);
    const result = loadConfig(join(folder, "dygateway.yaml"), { ADMIN_TOKEN: "golden-token" });
    if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
    const files = renderSet(result.loaded, site, outputTarget("/etc/dygateway", result.loaded.config), "");
    const rendered = Object.fromEntries(files.map((file) => [file.path, file.text]));
    if (process.env["UPDATE_GOLDEN"] === "1") replaceGolden(folder, rendered);
    expect(rendered).toEqual(readGolden(folder));
  });
});

function readGolden(folder: string): Record<string, string> {
  const entries = readdirSync(join(folder, "rendered"), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    paths.map((path) => [path.slice(join(folder, "rendered").length + 1), readFileSync(path, "utf8")]),
  );
}

function replaceGolden(folder: string, files: Record<string, string>): void {
  rmSync(join(folder, "rendered"), { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, "rendered", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
