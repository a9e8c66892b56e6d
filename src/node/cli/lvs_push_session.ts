import { changeContext } from "../store/change_context.ts";
import type { Actor, Pushed, PushRefusal } from "../lvs/push/cluster_push.ts";
import { pushSite, type PushRun, type PushSite } from "../lvs/push/push_site.ts";
import { exitCodes, type Terminal } from "./terminal.ts";
import { openSession, type CommonOptions } from "./session.ts";
import { refused } from "./outcome.ts";
import { printable } from "./printable.ts";
import { PushProgress } from "./lvs_progress.ts";
import { wrapped } from "./wrap.ts";

/** What every command needs that has to do with load balancers. */
export interface PushSession {
  readonly site: PushSite;
  readonly actor: Actor;
}

export function openPushSession(options: CommonOptions, terminal: Terminal): PushSession {
  const { loaded, redis, keys } = openSession(options, terminal);
  const { who, from } = changeContext(keys, terminal.environment);
  return { site: pushSite(loaded.config, redis, terminal.environment), actor: { who, from } };
}

/** Lets Ctrl-C and a termination end the work where it leaves nothing half done; shows how far it is. */
export async function whileWatched<T>(terminal: Terminal, { json }: CommonOptions, work: (run: PushRun) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const stop = (): void => {
    terminal.err("dygateway: stopping; no load balancer is left half changed");
    abort.abort();
  };
  const progress = new PushProgress(terminal, json);
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await work({ signal: abort.signal, emit: (event) => progress.show(event) });
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    progress.end();
  }
}

/** What was found or done; that it did not begin is said, and the exit code says so. */
export function valueOr<T>(pushed: Pushed<T>, options: CommonOptions, terminal: Terminal): T | undefined {
  if (pushed.ok) return pushed.value;
  reportPushRefusal(pushed.refusal, options, terminal);
  return undefined;
}

function reportPushRefusal({ kind, detail, problems }: PushRefusal, { json }: CommonOptions, terminal: Terminal): void {
  const lines = [`dygateway: ${detail}`, ...problems.map(({ path, text }) => (text.includes(path) ? `  ${text}` : `  ${path}: ${text}`))];
  terminal.err(lines.map((line) => wrapped(printable(line), 4)).join("\n"));
  if (json) terminal.out(JSON.stringify({ error: { kind, text: detail, problems } }, null, 2));
  terminal.exitCode = refused;
}

export function remark(lines: readonly string[], terminal: Terminal): void {
  for (const line of lines) terminal.err(wrapped(printable(`note: ${line}`), 4));
}

/** 1 where something differs, failed or was not done. */
export function exitWith(isFine: boolean, terminal: Terminal): void {
  terminal.exitCode = isFine ? exitCodes.fine : exitCodes.differs;
}
