import type { Command } from "commander";
import { success } from "../../dygateway/core/result.ts";
import type { ClusterDocument } from "../lvs/inventory/schema.ts";
import { createCluster, deleteCluster, putCluster, revertCluster } from "../lvs/store/change_cluster.ts";
import { registerWstypes } from "../lvs/store/wstypes.ts";
import { readClusters } from "./lvs_cluster_input.ts";
import { reportRefusal } from "./lvs_report.ts";
import { changeInventory, changingCommand, listed, versionNumber, type LvsOptions } from "./lvs_session.ts";
import { openSession } from "./session.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

interface CreateOptions extends LvsOptions {
  readonly name?: string;
  readonly type?: string;
  readonly device?: string;
  readonly vipnets?: readonly string[];
  readonly dialect?: string;
}

/** The document that options describe: a cluster that is yet to be filled. */
function newCluster({ name, type, device, vipnets, dialect }: CreateOptions): object {
  if (name === undefined) throw new CommandFailure("name a file, or the cluster with --name, --type, --device and --vipnets");
  const given = { type, device, vipnets, dialect };
  const fields = Object.entries(given).filter(([, value]) => value !== undefined);
  return { name, ...Object.fromEntries(fields), lbinfos: [], vip2ws: [] };
}

export function createCommand(terminal: Terminal): Command {
  return changingCommand("create")
    .summary("store a new cluster")
    .description("store a new cluster: from a file, or an empty one by options")
    .argument("[file]", "JSON (also relaxed), YAML or Python literals; - for stdin")
    .option("--name <name>")
    .option("--type <type>", "extra or internal")
    .option("--device <device>", "the load balancers' network device")
    .option("--vipnets <networks>", "where VIPs may be from", listed)
    .option("--dialect <dialect>", "mainline, alibaba or dpvs")
    .action(async (file: string | undefined, options: CreateOptions) => {
      const read = file === undefined ? undefined : readClusters(file, {}, options, terminal);
      if (file !== undefined && read === undefined) return;
      for (const document of read?.map((valid) => valid.document) ?? [newCluster(options)]) {
        await changeInventory("lvs_cluster_create", (context, changing) => createCluster(context, document, changing), options, terminal);
      }
    });
}

export function deleteCommand(terminal: Terminal): Command {
  return changingCommand("delete")
    .summary("delete a cluster")
    .description("delete a cluster from the inventory; its machines are not touched, its versions kept")
    .argument("<cluster>")
    .action(async (name: string, options: LvsOptions) => {
      await changeInventory("lvs_cluster_delete", (context, changing) => deleteCluster(context, name, changing), options, terminal);
    });
}

export function revertCommand(terminal: Terminal): Command {
  return changingCommand("revert")
    .summary("go back to a version")
    .description("go back to a version that is kept, also of a cluster that was deleted")
    .argument("<cluster>")
    .argument("<version>", "as `versions` lists it", versionNumber)
    .action(async (name: string, version: number, options: LvsOptions) => {
      await changeInventory("lvs_cluster_revert", (context, changing) => revertCluster(context, name, version, changing), options, terminal);
    });
}

interface ImportOptions extends LvsOptions {
  readonly registerWstypes: boolean;
}

export function importCommand(terminal: Terminal): Command {
  return changingCommand("import")
    .summary("store clusters of a file")
    .description("store clusters of a file, in place of those of the same name (which needs --expect)")
    .argument("<file>", "one cluster or a list; - for stdin")
    .option("--register-wstypes", "register the wstypes that the clusters use", false)
    .action(async (file: string, options: ImportOptions) => {
      const read = readClusters(file, {}, options, terminal);
      if (read === undefined) return;
      if (read.length > 1 && options.expect !== undefined && options.expect > 0) {
        throw new CommandFailure("--expect is about one cluster; this file has several");
      }
      const documents = read.map((valid) => valid.document);
      if (options.registerWstypes && !(await registerAll(documents, options, terminal))) return;
      for (const document of documents) {
        await changeInventory("lvs_cluster_import", (context, changing) => putCluster(context, document, changing), options, terminal);
      }
    });
}

async function registerAll(documents: readonly ClusterDocument[], options: LvsOptions, terminal: Terminal): Promise<boolean> {
  const names = [...new Set(documents.flatMap(({ vip2ws }) => vip2ws.map(({ wstype }) => wstype)))].sort();
  const session = openSession(options, terminal);
  const done = names.length === 0 ? success(null) : await session.change((context) => registerWstypes(context, names, undefined));
  if (!done.ok) reportRefusal(done.error, options, terminal);
  return done.ok;
}
