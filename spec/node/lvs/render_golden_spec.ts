import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { OspfFiles } from "../../../src/node/lvs/render/layout.ts";
import { filesOnDisk } from "../../../src/node/lvs/render/release.ts";
import { renderCluster } from "../../../src/node/lvs/render/render_lb.ts";
import { clusterOf, golden, goldenDocument, renderOptions } from "./support_cluster.ts";

/**
 * What rendering makes of spec/golden/lvs/<dialect>/cluster.json, byte for byte; alibaba's is the cluster that the
 * storage format was described with. After an intended change:
 *
 *   UPDATE_GOLDEN=1 npx vitest run spec/node/lvs/render_golden_spec.ts
 *
 * and read the difference before it is committed.
 */
describe("a cluster's files are as the golden ones", () => {
  it.each<[string, OspfFiles]>([
    ["mainline", "frr"],
    ["alibaba", "quagga"],
    ["dpvs", "frr"],
  ])("%s", (dialect, ospfFiles) => {
    const releases = renderCluster(clusterOf(goldenDocument(dialect)), { ...renderOptions, ospfFiles });
    const rendered = Object.fromEntries(
      releases.flatMap((release) => filesOnDisk(release).map((file) => [`${release.hostname}/${file.path}`, file.text])),
    );
    const folder = join(golden, dialect, "rendered");
    if (process.env["UPDATE_GOLDEN"] === "1") replaceGolden(folder, rendered);
    expect(rendered).toEqual(readGolden(folder));
  });
});

function readGolden(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

function replaceGolden(folder: string, files: Record<string, string>): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
