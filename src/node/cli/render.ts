import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import type { LoadedConfig } from "../config/load.ts";
import { applyPlan } from "../render/apply.ts";
import { testWithNginx } from "../render/nginx_test.ts";
import { planChanges, type Plan } from "../render/plan.ts";
import { renderSet } from "../render/rendered_set.ts";
import { makeRuntimeFolders } from "../render/runtime_folders.ts";
import { surveySite, type Site } from "../render/site.ts";
import { outputTarget, testTarget } from "../render/target.ts";
import { presentUpstreamConf } from "../render/upstream_conf.ts";
import { upstreamPlace, type UpstreamPlace } from "../render/upstream_place.ts";
import { checkWorkerAccess } from "../render/worker_access.ts";
import { openWorkspace } from "../render/workspace.ts";
import { defaultConfigFile, readConfigFile } from "./config_file.ts";
import { outputDirectory } from "./output_directory.ts";
import { changeReport, differenceReport } from "./render_report.ts";
import { CommandFailure, exitCodes, type Terminal } from "./terminal.ts";

interface RenderOptions {
  readonly config: string;
  readonly output: string;
  readonly check: boolean;
  readonly force: boolean;
}

const examples = `
Examples:
  dygateway render -c dygateway.yaml -o /etc/dygateway
  dygateway render -c dygateway.yaml -o /etc/dygateway --check

Exit codes: 0 done, or nothing to do; 1 --check found a difference; 2 nothing
was changed, stderr says why.`;

export function renderCommand(terminal: Terminal): Command {
  return new Command("render")
    .summary("write the files of nginx and Redis")
    .description(
      "Writes nginx.conf, default.conf, vhosts/*.conf, upstream.conf, redis.conf and dygateway.json. " +
        "nginx checks them before anything is replaced.",
    )
    .option("-c, --config <file>", "the configuration", defaultConfigFile)
    .requiredOption("-o, --output <dir>", "directory of the rendered files")
    .option("--check", "only say what would change; exit code 1 if anything would", false)
    .option("--force", "also replace files that dygateway did not write", false)
    .addHelpText("after", examples)
    .action((options: RenderOptions) => {
      const loaded = readConfigFile(options.config, terminal);
      const survey = surveySite(loaded.config, terminal.environment);
      if (!survey.ok) throw new CommandFailure(survey.reason);
      const directory = outputDirectory(options.output);
      terminal.exitCode = options.check
        ? check(loaded, survey.site, directory, terminal)
        : render(loaded, survey.site, directory, options.force, terminal);
    });
}

function render(loaded: LoadedConfig, site: Site, directory: string, force: boolean, terminal: Terminal): number {
  const workspace = openWorkspace(directory);
  try {
    const place = upstreamPlace(loaded.config, site, directory);
    judge(loaded, site, place, join(workspace.folder, "t"), directory, terminal);
    const plan = planFor(loaded, site, place, directory);
    if (plan.foreign.length > 0 && !force) throw new CommandFailure(foreignFiles(plan));
    mkdirSync(directory, { recursive: true });
    for (const line of makeRuntimeFolders(loaded.config, site)) terminal.out(line);
    applyPlan(plan, workspace.folder);
    for (const line of checkWorkerAccess(loaded.config, site, place, directory)) terminal.err(line);
    terminal.out(changeReport(plan, site));
    return exitCodes.fine;
  } finally {
    workspace.release();
  }
}

function check(loaded: LoadedConfig, site: Site, directory: string, terminal: Terminal): number {
  const place = upstreamPlace(loaded.config, site, directory);
  const folder = mkdtempSync(join(tmpdir(), "dygateway-"));
  try {
    judge(loaded, site, place, join(folder, "t"), directory, terminal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const plan = planFor(loaded, site, place, directory);
  terminal.out(differenceReport(plan));
  return plan.changes.every((change) => change.kind === "unchanged") ? exitCodes.fine : exitCodes.differs;
}

function judge(
  loaded: LoadedConfig,
  site: Site,
  place: UpstreamPlace,
  folder: string,
  directory: string,
  terminal: Terminal,
): void {
  mkdirSync(folder);
  const files = renderSet(loaded, site, testTarget(folder), presentUpstreamConf(place));
  const verdict = testWithNginx(files, site, folder, directory);
  if (!verdict.ok) throw new CommandFailure(verdict.reason);
  for (const line of verdict.warnings) terminal.err(line);
}

function planFor(loaded: LoadedConfig, site: Site, place: UpstreamPlace, directory: string): Plan {
  const files = renderSet(loaded, site, outputTarget(directory, loaded.config), presentUpstreamConf(place));
  return planChanges(directory, files, place);
}

const foreignFiles = (plan: Plan): string =>
  [
    `${plan.directory} holds files that dygateway did not write:`,
    ...plan.foreign.map((path) => `  ${path}`),
    "move them away, render into another directory, or replace them with --force",
    ...(plan.foreign.includes(plan.place.file) ? ["where that is another gateway's upstream.conf, set paths.upstreams"] : []),
  ].join("\n");
