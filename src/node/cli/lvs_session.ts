import { InvalidArgumentError, type Command } from "commander";
import type { Result } from "../../dygateway/core/result.ts";
import type { Change, ChangeContext, Transaction } from "../../dygateway/core/store/transaction.ts";
import type { Edit } from "../lvs/edit/edits.ts";
import { editCluster, type ChangedCluster, type ChangeOptions, type InventoryLimits } from "../lvs/store/change_cluster.ts";
import { inventoryLimits } from "../lvs/store/limits.ts";
import { reportChange } from "./lvs_report.ts";
import { commonCommand, openSession, type CommonOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";

/** Options of every command that changes a cluster. */
export interface LvsOptions extends CommonOptions {
  readonly expect?: number;
  readonly allowRemoval: boolean;
}

export const lvsCommand = (name: string): Command => commonCommand(name, "print the answer as JSON");

/** A command that changes a cluster. */
export const changingCommand = (name: string): Command =>
  lvsCommand(name)
    .option("--expect <version>", "refuse if the cluster is at another version", versionNumber)
    .option("--allow-removal", "it is meant to empty the cluster, or to remove a lot", false);

export function versionNumber(text: string): number {
  if (!/^(?:0|[1-9][0-9]{0,8})$/.test(text)) throw new InvalidArgumentError("a version number is expected");
  return Number(text);
}

export const changeOptions = (action: string, { expect, allowRemoval }: LvsOptions, limits: InventoryLimits): ChangeOptions => ({
  ...limits,
  action,
  allowRemoval,
  expectedVersion: expect,
});

type Plan = (context: ChangeContext, options: ChangeOptions) => Change<ChangedCluster>;

/** Carries out a change of a cluster and says how it ended. */
export async function changeInventory(action: string, plan: Plan, options: LvsOptions, terminal: Terminal): Promise<Result<Transaction<ChangedCluster>>> {
  const session = openSession(options, terminal);
  const changing = changeOptions(action, options, inventoryLimits(session.loaded.config));
  const done = await session.change((context) => plan(context, changing));
  reportChange(done, options, terminal);
  return done;
}

/** Carries out an edit of a stored cluster. */
export async function editInventory(action: string, name: string, edit: Edit, options: LvsOptions, terminal: Terminal): Promise<void> {
  await changeInventory(action, (context, changing) => editCluster(context, name, edit, changing), options, terminal);
}

/** For an option that may be given several times, and as a list with commas. */
export const listed = (text: string, before: readonly string[] = []): string[] => [...before, ...text.split(",")];
