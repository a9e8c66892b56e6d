import { setTimeout as sleep } from "node:timers/promises";
import { InvalidArgumentError, type Command } from "commander";
import type { Keys } from "../../dygateway/core/store/keys.ts";
import { success, type Result } from "../../dygateway/core/result.ts";
import { changesAfter, lastChanges, type AuditedChange } from "../store/audit.ts";
import { connect, type Connection } from "../store/connection.ts";
import { readOver } from "../store/work.ts";
import { reportError } from "./outcome.ts";
import { printable } from "./printable.ts";
import { commonCommand, openSession, type CommonOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { wrapped } from "./wrap.ts";

const examples = `
Examples:
  dygateway audit
  dygateway audit --last 100
  dygateway audit --follow
  dygateway audit --json --last 10000 > changes.ndjson
Every line of --json is one change. Redis keeps about the last 10000.`;

const pollMs = 500;
const changesAPoll = 1000;

interface AuditOptions extends CommonOptions {
  readonly last: number;
  readonly follow: boolean;
}

function count(text: string): number {
  const value = /^[0-9]{1,7}$/.test(text) ? Number(text) : -1;
  if (value < 0) throw new InvalidArgumentError("a number from 0 is expected");
  return value;
}

export function auditCommand(terminal: Terminal): Command {
  return commonCommand("audit", "print every change as a line of JSON")
    .summary("show who changed what, and when")
    .description("Shows the last changes, oldest first: who, from where, what, and what it was before.")
    .option("--last <n>", "how many", count, 20)
    .option("--follow", "go on with the changes that come, until Ctrl-C", false)
    .addHelpText("after", examples)
    .action(async (options: AuditOptions) => {
      const session = openSession(options, terminal);
      const connected = await connect(session.redis);
      if (!connected.ok) {
        reportError(connected.error, options, terminal);
        return;
      }
      const connection = connected.value;
      const shown = await showLast(connection, session.keys, options, terminal);
      const ended = shown.ok && options.follow ? await follow(connection, session.keys, shown.value, options, terminal) : shown;
      connection.close();
      if (!ended.ok) reportError(ended.error, options, terminal);
    });
}

/** Prints the last changes. Returns the revision that the stream has come to. */
async function showLast(connection: Connection, keys: Keys, options: AuditOptions, terminal: Terminal): Promise<Result<number>> {
  const read = await readOver(connection, lastChanges(keys, Math.max(options.last, 1)));
  if (!read.ok) return read;
  const changes = read.value;
  if (options.last > 0) for (const change of changes) print(change, options, terminal);
  if (changes.length === 0 && !options.json) terminal.out("no change is on record");
  return success(changes.at(-1)?.revision ?? 0);
}

/** Prints the changes after `from` as they come. Returns only when the store is lost. */
async function follow(
  connection: Connection,
  keys: Keys,
  from: number,
  options: AuditOptions,
  terminal: Terminal,
): Promise<Result<never>> {
  let seen = from;
  for (;;) {
    const read = await readOver(connection, changesAfter(keys, seen, changesAPoll));
    if (!read.ok) return read;
    const { changes, setBack } = read.value;
    if (setBack) {
      terminal.err(`dygateway: the audit stream ends before change ${seen}, which was seen: Redis has lost data`);
      seen = 0;
    }
    for (const change of changes) print(change, options, terminal);
    seen = changes.at(-1)?.revision ?? seen;
    await sleep(pollMs);
  }
}

function print(change: AuditedChange, { json }: CommonOptions, terminal: Terminal): void {
  terminal.out(json ? JSON.stringify({ ...change, time: change.time?.toISOString() ?? null }) : changeText(change));
}

/** The time as the clock on the wall has it. */
function localTime(time: Date | undefined): string {
  if (time === undefined) return "(no time)";
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function changeText(change: AuditedChange): string {
  const { revision, time, who, from, action, what, before, after } = change;
  const origin = `${who === "" ? "(unknown)" : who} from ${from === "" ? "(unknown)" : from}`;
  return [
    `${localTime(time)}  ${revision}  ${printable(`${action} ${what}`)}`,
    `  by ${printable(origin)}`,
    ...(before === "" ? [] : [`  before: ${printable(before)}`]),
    ...(after === "" ? [] : [`  after:  ${printable(after)}`]),
  ]
    .map((line) => wrapped(line, "  before: ".length))
    .join("\n");
}
