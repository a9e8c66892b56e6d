import type { Command } from "commander";
import type { Result } from "../../dygateway/core/result.ts";
import { clusterUnknown } from "../lvs/edit/problems.ts";
import { canonicalDocument, documentText } from "../lvs/inventory/canonical.ts";
import type { ClusterDocument } from "../lvs/inventory/schema.ts";
import { readCluster, readInventory, type StoredCluster } from "../lvs/store/reads.ts";
import { listVersions, readVersion } from "../lvs/store/versions.ts";
import { clusterListText, clusterText, versionsText } from "./lvs_cluster_text.ts";
import { print, problemData, reportRefusal, reportWarnings } from "./lvs_report.ts";
import { lvsCommand, versionNumber } from "./lvs_session.ts";
import { refused } from "./outcome.ts";
import { openSession, type CommonOptions, type Session } from "./session.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

export function listCommand(terminal: Terminal): Command {
  return lvsCommand("list")
    .description("list all clusters")
    .action(async (options: CommonOptions) => {
      const read = await openSession(options, terminal).read(readInventory());
      if (!read.ok) {
        reportRefusal(read.error, options, terminal);
        return;
      }
      print(clusterListText(read.value), { clusters: read.value.map(storedData) }, options, terminal);
    });
}

/** A stored cluster as programs read it. */
export const storedData = ({ name, version, isForeign, value, document, problems, warnings }: StoredCluster): object => ({
  name,
  version,
  foreign: isForeign,
  cluster: document === undefined ? (value ?? null) : canonicalDocument(document),
  problems: problems.map(problemData),
  warnings: warnings.map(problemData),
});

interface ShowOptions extends CommonOptions {
  readonly at?: number;
}

export function showCommand(terminal: Terminal): Command {
  return lvsCommand("show")
    .description("show a cluster")
    .argument("<cluster>")
    .option("--at <version>", "a version that is kept", versionNumber)
    .action(async (name: string, options: ShowOptions) => {
      const session = openSession(options, terminal);
      if (options.at !== undefined) {
        await showVersion(session, name, options.at, options, terminal);
        return;
      }
      const stored = foundCluster(name, await session.read(readCluster(name)), options, terminal);
      if (stored === undefined) return;
      print(clusterText(stored), storedData(stored), options, terminal);
      if (!options.json) reportWarnings(name, stored.warnings, terminal);
    });
}

async function showVersion(session: Session, name: string, version: number, options: CommonOptions, terminal: Terminal): Promise<void> {
  const read = await session.read(readVersion(name, version));
  if (!read.ok) reportRefusal(read.error, options, terminal);
  else print(read.value.document === null ? `version ${version} is the cluster's deletion` : documentText(read.value.document), read.value, options, terminal);
}

/** The cluster where there is one; that there is none is said. */
function foundCluster(name: string, read: Result<StoredCluster | undefined>, options: CommonOptions, terminal: Terminal): StoredCluster | undefined {
  if (read.ok && read.value !== undefined) return read.value;
  reportRefusal(read.ok ? clusterUnknown(name) : read.error, options, terminal);
  return undefined;
}

interface ExportOptions extends CommonOptions {
  readonly all: boolean;
}

export function exportCommand(terminal: Terminal): Command {
  return lvsCommand("export")
    .summary("print a cluster as JSON")
    .description("print a cluster as JSON, the same bytes for the same cluster")
    .argument("[cluster]")
    .option("--all", "all clusters, as a list", false)
    .action(async (name: string | undefined, options: ExportOptions) => {
      if ((name === undefined) !== options.all) throw new CommandFailure("a CLUSTER or --all is expected");
      const session = openSession(options, terminal);
      if (name !== undefined) {
        const stored = foundCluster(name, await session.read(readCluster(name)), options, terminal);
        if (stored !== undefined) terminal.out(exported(stored, terminal));
        return;
      }
      const read = await session.read(readInventory());
      if (!read.ok) reportRefusal(read.error, options, terminal);
      else terminal.out(`[\n${read.value.map((stored) => exported(stored, terminal)).join(",\n")}\n]`);
    });
}

/** What breaks a rule is printed as it is stored, and said to be so. */
function exported({ name, document, value, problems }: StoredCluster, terminal: Terminal): string {
  if (document !== undefined) return documentText(document);
  terminal.err(`dygateway: cluster ${name} has ${problems.length} problems; \`lvs cluster show\` names them`);
  terminal.exitCode = refused;
  return JSON.stringify(value ?? null, null, 2);
}

export function versionsCommand(terminal: Terminal): Command {
  return lvsCommand("versions")
    .summary("list the versions")
    .description("list the versions of a cluster that are kept, also of one that was deleted")
    .argument("<cluster>")
    .action(async (name: string, options: CommonOptions) => {
      const read = await openSession(options, terminal).read(listVersions(name));
      if (!read.ok) {
        reportRefusal(read.error, options, terminal);
        return;
      }
      const versions = read.value.map(({ document, ...facts }) => ({ ...facts, deleted: isDeletion(document) }));
      if (versions.length === 0) terminal.exitCode = refused;
      print(versionsText(name, versions), { name, versions }, options, terminal);
    });
}

const isDeletion = (document: ClusterDocument | null): boolean => document === null;
