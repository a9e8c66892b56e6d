import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { writeSet } from "../render/write_set.ts";
import { clusterReleases } from "../lvs/push/cluster_push.ts";
import { filesOnDisk, manifestName, type Release } from "../lvs/render/release.ts";
import { print } from "./lvs_report.ts";
import { openPushSession, remark, valueOr } from "./lvs_push_session.ts";
import { lvsCommand } from "./lvs_session.ts";
import type { CommonOptions } from "./session.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

interface RenderOptions extends CommonOptions {
  readonly output: string;
}

export function lvsRenderCommand(terminal: Terminal): Command {
  return lvsCommand("render")
    .description("write a cluster's files into a folder here, one for each load balancer; the OSPF key is in them")
    .argument("<cluster>")
    .requiredOption("-o, --output <dir>", "the folder; one of a load balancer that is there is replaced")
    .action(async (name: string, options: RenderOptions) => {
      const { site } = openPushSession(options, terminal);
      const ready = valueOr(await clusterReleases(site, name), options, terminal);
      if (ready === undefined) return;
      remark(ready.remarks, terminal);
      const folder = resolve(options.output);
      for (const release of ready.releases) writeRelease(folder, release);
      const written = ready.releases.map(({ hostname, digest, files }) => ({ host: hostname, release: digest, files: files.length }));
      const lines = written.map(({ host, release, files }) => `${join(folder, host)}: ${files} files, release ${release.slice(0, 12)}`);
      print(lines.join("\n"), { cluster: name, folder, lbs: written }, options, terminal);
    });
}

/** Replaces only what it has itself written: a folder with a manifest, or an empty one. */
function writeRelease(folder: string, release: Release): void {
  const target = join(folder, release.hostname);
  const isForeign = existsSync(target) && !existsSync(join(target, manifestName)) && readdirSync(target).length > 0;
  if (isForeign) throw new CommandFailure(`${target} holds files that dygateway did not write; name another folder`);
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  writeSet(fresh, filesOnDisk(release));
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}
