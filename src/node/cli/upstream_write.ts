import { lookup } from "node:dns/promises";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { composeConf, writtenRevision } from "../../dygateway/core/upstream/conf_file.ts";
import type { LoadedConfig } from "../config/load.ts";
import { testWithNginx } from "../render/nginx_test.ts";
import { renderSet } from "../render/rendered_set.ts";
import { replaceFile } from "../render/replace_file.ts";
import { surveySite, type Site } from "../render/site.ts";
import { testTarget } from "../render/target.ts";
import { readUpstreamConf, type PresentConf } from "../render/upstream_conf.ts";
import { isThere, upstreamConf, upstreamPlace, type UpstreamPlace } from "../render/upstream_place.ts";
import { openWorkspace, type Workspace } from "../render/workspace.ts";
import { confUpstreams, type Resolve } from "../store/conf_upstreams.ts";
import { storedUpstreams, type StoredUpstreams } from "../store/stored_upstreams.ts";
import { refused, reportError } from "./outcome.ts";
import { outputDirectory } from "./output_directory.ts";
import { printable } from "./printable.ts";
import { shownLines } from "./render_report.ts";
import { configuredCommand, openSession, type CommonOptions } from "./session.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

interface WriteOptions extends Pick<CommonOptions, "config"> {
  readonly output: string;
}

export const notRendered = (directory: string): string =>
  `${directory} has no ${upstreamConf} of this configuration yet: run dygateway render first`;

const exitCodesOfWrite = `
Exit codes of write: 0 the file says what Redis says; 1 not, or not in all:
Redis does not answer, nginx refuses the file (it stays as it was), or a
definition is broken or a name has no address (the rest is written); 2 the
command line or the configuration is wrong, or the file was not rendered yet.`;

export function writeCommand(terminal: Terminal): Command {
  return configuredCommand("write")
    .description("bring upstream.conf up to date with Redis; for dynamic_upstreams.written_by: operator")
    .requiredOption("-o, --output <dir>", "directory of the rendered files")
    .addHelpText("after", exitCodesOfWrite)
    .action(async (given: WriteOptions) => {
      const options = { ...given, json: false };
      const session = openSession(options, terminal);
      const survey = surveySite(session.loaded.config, terminal.environment);
      if (!survey.ok) throw new CommandFailure(survey.reason);
      const directory = outputDirectory(given.output);
      const stored = await session.read(storedUpstreams(session.keys));
      if (stored.ok) await write(session.loaded, survey.site, directory, stored.value, terminal);
      else reportError(stored.error, options, terminal);
    });
}

async function write(loaded: LoadedConfig, site: Site, directory: string, stored: StoredUpstreams, terminal: Terminal): Promise<void> {
  if (!isThere(directory)) throw new CommandFailure(notRendered(directory));
  // From reading the file to replacing it, nobody renders.
  const workspace = openWorkspace(directory);
  try {
    await writeIn(workspace, loaded, site, directory, stored, terminal);
  } finally {
    workspace.release();
  }
}

async function writeIn(
  workspace: Workspace,
  loaded: LoadedConfig,
  site: Site,
  directory: string,
  stored: StoredUpstreams,
  terminal: Terminal,
): Promise<void> {
  const place = upstreamPlace(loaded.config, site, directory);
  const present = readRendered(directory, place);
  const { upstreams, problems } = await confUpstreams(stored.bodies, present.text, addressesOf);
  const fail = (line: string): void => {
    terminal.err(`dygateway: ${line}`);
    terminal.exitCode = refused;
  };
  for (const problem of problems) fail(printable(problem));
  const updated = composeConf(present.text, upstreams, stored.revision);
  if (!updated.ok) {
    fail(`${place.file}: ${printable(updated.error.desc)}; it is left as it is`);
    return;
  }
  if (updated.value === present.text) {
    terminal.out(`${place.file} is up to date (revision ${stored.revision})`);
    return;
  }
  const verdict = judge(loaded, site, join(workspace.folder, "t"), directory, present.text, updated.value);
  if (!verdict.ok) {
    fail(verdict.reason);
    return;
  }
  for (const line of verdict.warnings) terminal.err(line);
  keepOriginal(place.file, present);
  replaceFile(place.file, updated.value, present.mode);
  const lines = shownLines(present.text, updated.value).map(printable);
  terminal.out([`${place.file} written (revision ${stored.revision}):`, ...lines].join("\n"));
}

/** As programs of this machine look names up, which need not be how the gateway does. */
const addressesOf: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/** What a link that is yet to be made or to go leaves there is not what nginx will read. */
function readRendered(directory: string, { file, link, leaves }: UpstreamPlace): PresentConf {
  const present = link === null && leaves === null ? readUpstreamConf(file) : null;
  if (present === null) throw new CommandFailure(notRendered(directory));
  return present;
}

/** nginx sees the new text among the other files of the configuration. */
function judge(
  loaded: LoadedConfig,
  site: Site,
  folder: string,
  directory: string,
  before: string,
  text: string,
): ReturnType<typeof testWithNginx> {
  mkdirSync(folder);
  const rendered = renderSet(loaded, site, testTarget(folder), before);
  const files = rendered.map((file) => (file.path === upstreamConf ? { ...file, text } : file));
  return testWithNginx(files, site, folder, directory);
}

/** As the gateway does: what stood there before the first change is kept beside it. */
function keepOriginal(file: string, { text, mode }: PresentConf): void {
  const original = `${file}.orig`;
  if (writtenRevision(text) === undefined && !isThere(original)) replaceFile(original, text, mode);
}
