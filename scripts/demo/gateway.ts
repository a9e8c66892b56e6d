import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type RunDir } from "./run_dir.ts";
import { backendNames, DemoError, type Settings } from "./settings.ts";

/** Writes the demo's dygateway.yaml and renders it with the same command that an operator uses. */
export function renderGateway(settings: Settings, dir: RunDir, nginx: string): void {
  const values: Record<string, string | number> = {
    port: settings.port,
    adminPort: settings.adminPort,
    ...Object.fromEntries(backendNames.map((name, i) => [name, settings.backendPort + i])),
    redisSocket: JSON.stringify(dir.redisSocket),
    redisData: JSON.stringify(dir.redisData),
    install: JSON.stringify(resolve("lua-out")),
    run: JSON.stringify(dir.run),
    logs: JSON.stringify(dir.logs),
    snapshot: JSON.stringify(dir.snapshot),
    nginx: JSON.stringify(nginx),
  };
  const file = join(dir.path, "dygateway.yaml");
  const template = readFileSync("scripts/demo/dygateway.yaml", "utf8");
  let text = template.replace(/@(\w+)@/g, (placeholder, name: string) => String(values[name] ?? placeholder));
  if (process.getuid?.() === 0) {
    // Workers of another user could not write below a directory of root's.
    text = text.replace("workers:\n", "workers:\n  user: root\n");
  }
  writeFileSync(file, text);
  const rendered = spawnSync(process.execPath, ["dist/dygateway.mjs", "render", "-c", file, "-o", dir.conf], {
    encoding: "utf8",
  });
  if (rendered.status !== 0) {
    throw new DemoError(`dygateway render failed:\n${rendered.stdout}${rendered.stderr}`.trimEnd());
  }
}
