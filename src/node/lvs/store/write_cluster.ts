import type { Command } from "../../../dygateway/core/store/command.ts";
import type { ChangeContext } from "../../../dygateway/core/store/transaction.ts";
import type { ClusterDocument } from "../inventory/schema.ts";
import { absentFields, encodeFields } from "./codec.ts";
import { clusterKey } from "./keys.ts";
import type { StoredHash } from "./reads.ts";
import { keepVersion, type KeptVersion } from "./versions.ts";

export interface Write {
  readonly stored: StoredHash;
  readonly before: ClusterDocument | undefined;
  readonly document: ClusterDocument | undefined;
  readonly version: number;
  readonly changes: readonly string[];
  readonly action: string;
  /** Versions that are kept. */
  readonly depth: number;
}

/** The commands of a change: the version is kept, the hash written or deleted; fields of others stay. */
export function writeCommands(context: ChangeContext, { stored, before, document, version, changes, action, depth }: Write): Command[] {
  const { name } = stored;
  const time = new Date(Number(context.now)).toISOString();
  const kept: KeptVersion = {
    version,
    time,
    who: context.who,
    from: context.from,
    action,
    what: changes.join("; "),
    document: document ?? null,
  };
  const commands: Command[] = [];
  if (stored.isForeign && before !== undefined) {
    const foreign = { version: stored.version, time, who: "", from: "", action: "foreign", what: "written by another tool", document: before };
    commands.push(...keepVersion(name, foreign, depth));
  }
  commands.push(...keepVersion(name, kept, depth));
  if (document === undefined) return [...commands, ["DEL", clusterKey(name)]];
  const fields = encodeFields(document, version);
  const absent = absentFields(fields);
  commands.push(["HSET", clusterKey(name), ...[...fields].flat()]);
  if (absent.length > 0) commands.push(["HDEL", clusterKey(name), ...absent]);
  return commands;
}
