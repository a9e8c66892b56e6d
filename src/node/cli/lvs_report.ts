import type { GatewayError } from "../../dygateway/core/errors.ts";
import type { Result } from "../../dygateway/core/result.ts";
import type { Transaction } from "../../dygateway/core/store/transaction.ts";
import { pathText } from "../config/problem.ts";
import { isLvsError } from "../lvs/edit/problems.ts";
import { problemText, type InventoryProblem } from "../lvs/inventory/problem.ts";
import type { ChangedCluster } from "../lvs/store/change_cluster.ts";
import { refused } from "./outcome.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { wrapped } from "./wrap.ts";

interface Form {
  readonly json: boolean;
}

/** A problem as programs read it; its path as in the text, `vip2ws[0].vip`. */
export const problemData = ({ rule, path, text }: InventoryProblem): object => ({ rule, path: pathText(path), text });

/** Prints an answer, for a person or for a program. */
export function print(text: string, data: unknown, { json }: Form, terminal: Terminal): void {
  terminal.out(json ? JSON.stringify(data, null, 2) : text);
}

/** Says why something was refused; the exit code does, too. */
export function reportRefusal(error: GatewayError, { json }: Form, terminal: Terminal): void {
  const [first = "", ...more] = error.desc.split("\n");
  const lines = [`dygateway: ${first}`, ...more.map((line) => `  ${line}`)];
  terminal.err(lines.map((line) => wrapped(printable(line), 4)).join("\n"));
  if (json) {
    const { kind, problems } = isLvsError(error) ? error : { kind: "store", problems: [] };
    terminal.out(JSON.stringify({ error: { kind, code: error.code, text: error.desc, problems: problems.map(problemData) } }, null, 2));
  }
  terminal.exitCode = refused;
}

/** Warnings of a cluster go beside the answer: they refuse nothing. */
export function reportWarnings(name: string, warnings: readonly InventoryProblem[], terminal: Terminal): void {
  for (const warning of warnings) terminal.err(wrapped(printable(`warning: ${name}: ${problemText(warning)}`), 4));
}

/** How a change of a cluster ended. */
export function reportChange(done: Result<Transaction<ChangedCluster>>, form: Form, terminal: Terminal): void {
  if (!done.ok) {
    reportRefusal(done.error, form, terminal);
    return;
  }
  const { revision, commands, answer } = done.value;
  const { name, version, document, changes, warnings } = answer;
  const words =
    commands.length === 0
      ? `cluster ${name} is like that already (version ${version}); nothing was changed`
      : [`cluster ${name}: version ${version} (revision ${revision})`, ...changes.map((line) => `  ${line}`)].join("\n");
  const data = { name, version, revision, changed: commands.length > 0, changes, warnings: warnings.map(problemData), cluster: document ?? null };
  print(words.split("\n").map((line) => wrapped(printable(line), 4)).join("\n"), data, form, terminal);
  if (!form.json && document !== undefined) reportWarnings(name, warnings, terminal);
}
