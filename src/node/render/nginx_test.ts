import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RenderedFile } from "./rendered_set.ts";
import type { Site } from "./site.ts";
import { writeSet } from "./write_set.ts";

export type NginxVerdict =
  | { readonly ok: true; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly reason: string };

export const gatewayNotInstalled = (install: string): string =>
  `dygateway's Lua side is not in ${install} (no dygateway/phases/init.lua): run make build or make install, ` +
  "or set paths.install";

/**
 * Lets nginx itself judge a configuration.
 *
 * @param files a set for `testTarget(folder)`, equal line for line to the one for `directory`: it is written to `folder`, and
 *   in what nginx says, `folder` reads as `directory`.
 */
export function testWithNginx(files: readonly RenderedFile[], site: Site, folder: string, directory: string): NginxVerdict {
  if (!existsSync(join(site.install, "dygateway", "phases", "init.lua"))) {
    return { ok: false, reason: gatewayNotInstalled(site.install) };
  }
  writeSet(folder, files);
  // Where an nginx with built-in relative paths (OpenResty) opens its first error log.
  mkdirSync(join(folder, "logs"), { recursive: true });
  mkdirSync(join(folder, "vhosts"), { recursive: true });
  const conf = join(folder, "nginx.conf");
  const run = spawnSync(site.nginx.path, ["-t", "-p", `${folder}/`, "-c", conf], { encoding: "utf8", timeout: 60_000 });
  if (run.error !== undefined) return { ok: false, reason: `${site.nginx.path} -t: ${run.error.message}` };

  const lines = run.stderr
    .split("\n")
    .filter((line) => line !== "" && !/configuration file .* (?:syntax is ok|test is successful|test failed)$/.test(line))
    .map((line) => withSourceLine(line, folder, files).replaceAll(folder, directory));
  if (run.status === 0) return { ok: true, warnings: lines };
  return { ok: false, reason: [`${site.nginx.path} -t refuses the rendered files:`, ...lines].join("\n") };
}

/** nginx names a file that is not in place, so show what stands there. */
function withSourceLine(message: string, folder: string, files: readonly RenderedFile[]): string {
  const [, path, number] = /^.* in (\/.*):([0-9]+)$/.exec(message) ?? [];
  if (path === undefined || !path.startsWith(`${folder}/`)) return message;
  const file = files.find((candidate) => join(folder, candidate.path) === path);
  const line = file?.text.split("\n")[Number(number) - 1];
  return line === undefined ? message : `${message}\n    ${line.trim()}`;
}
