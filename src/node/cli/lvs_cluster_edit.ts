import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { setFields, type Edit } from "../lvs/edit/edits.ts";
import { clusterUnknown, nameFixed } from "../lvs/edit/problems.ts";
import { parseLiteral } from "../lvs/inventory/literal.ts";
import { putCluster } from "../lvs/store/change_cluster.ts";
import { readCluster } from "../lvs/store/reads.ts";
import { readClusters } from "./lvs_cluster_input.ts";
import { reportRefusal } from "./lvs_report.ts";
import { changeInventory, changingCommand, editInventory, type LvsOptions } from "./lvs_session.ts";
import { openSession } from "./session.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

interface EditOptions extends LvsOptions {
  readonly set?: readonly string[];
  readonly file?: string;
}

const collected = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), text];

const action = "lvs_cluster_edit";

export function editCommand(terminal: Terminal): Command {
  return changingCommand("edit")
    .summary("change a cluster")
    .description("change a cluster: in $VISUAL or $EDITOR, by fields, or by a whole file")
    .argument("<cluster>")
    .option("--set <field=value>", "several times; ospf.cost=20 for a part; null takes it away", collected)
    .option("--file <file>", "the whole cluster, - for stdin; needs --expect")
    .action(async (name: string, options: EditOptions) => {
      if (options.set !== undefined && options.file !== undefined) throw new CommandFailure("--set and --file do not go together");
      if (options.set !== undefined) await editInventory(action, name, setting(options.set), options, terminal);
      else if (options.file !== undefined) await replace(name, options.file, options, terminal);
      else await editByHand(name, options, terminal);
    });
}

/** The edit that `field=value` and `field.part=value` make; a value that is no literal is text. */
function setting(assignments: readonly string[]): Edit {
  return (document) => {
    const changes: Record<string, unknown> = {};
    for (const assignment of assignments) {
      const [, field = "", part, text = ""] = /^([a-z_]+)(?:\.([a-z_]+))?=(.*)$/s.exec(assignment) ?? [];
      if (field === "") throw new CommandFailure(`${JSON.stringify(assignment)}: FIELD=VALUE is expected`);
      const parsed = parseLiteral(text);
      const value = parsed.ok ? parsed.literal.value : text;
      const before = changes[field] ?? (document as Readonly<Record<string, unknown>>)[field] ?? {};
      changes[field] = part === undefined ? value : withPart(before, part, value);
    }
    return setFields(changes)(document);
  };
}

function withPart(before: unknown, part: string, value: unknown): object {
  const parts = Object.entries({ ...(before as object), [part]: value });
  return Object.fromEntries(parts.filter(([, one]) => one !== null));
}

/** Returns whether it was done. */
async function replace(name: string, file: string, options: LvsOptions, terminal: Terminal): Promise<boolean> {
  const read = readClusters(file, {}, options, terminal);
  const [valid, ...more] = read ?? [];
  if (valid === undefined) return false;
  if (more.length > 0) throw new CommandFailure(`${file} has several clusters; one is expected`);
  const { document } = valid;
  if (document.name !== name) {
    reportRefusal(nameFixed(name, document.name), options, terminal);
    return false;
  }
  const done = await changeInventory(action, (context, changing) => putCluster(context, document, changing), options, terminal);
  return done.ok;
}

/** Lets the operator edit the cluster as it is; whoever was faster in the meantime is told. */
async function editByHand(name: string, options: LvsOptions, terminal: Terminal): Promise<void> {
  const { VISUAL, EDITOR, TMPDIR } = terminal.environment;
  const editor = [VISUAL, EDITOR].find((one) => one !== undefined && one !== "");
  if (editor === undefined) throw new CommandFailure("neither VISUAL nor EDITOR is set; use --set or --file");
  const session = openSession(options, terminal);
  const read = await session.read(readCluster(name));
  if (!read.ok || read.value === undefined) {
    reportRefusal(read.ok ? clusterUnknown(name) : read.error, options, terminal);
    return;
  }
  const { value, version } = read.value;
  const folder = mkdtempSync(join(TMPDIR ?? tmpdir(), "dygateway-edit-"));
  const file = join(folder, "cluster.json");
  const before = `${JSON.stringify(value, null, 2)}\n`;
  writeFileSync(file, before, { mode: 0o600 });
  // As git does: what is in the variable is a command line of the operator's own.
  const { status } = spawnSync("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
  if (status !== 0) throw new CommandFailure(`${editor} ended with ${status ?? "a signal"}; nothing was changed, your text is in ${file}`);
  const isUntouched = readFileSync(file, "utf8") === before;
  if (isUntouched) terminal.out("you changed nothing");
  const isDone = isUntouched || (await replace(name, file, { ...options, expect: options.expect ?? version }, terminal));
  if (isDone) rmSync(folder, { recursive: true });
  else terminal.err(`your text is in ${file}`);
}
