import type { Command } from "commander";
import { object, type JsonValue } from "../../dygateway/core/json/value.ts";
import { failure, noPause, success, type Result } from "../../dygateway/core/result.ts";
import { addUpstream } from "../../dygateway/core/store/upstream_changes.ts";
import { parseConf } from "../../dygateway/core/upstream/conf_file.ts";
import type { UpstreamDraft } from "../../dygateway/core/upstream/model.ts";
import { ofUpstream } from "../../dygateway/core/upstream/edit_errors.ts";
import { parseConfBody } from "../../dygateway/core/upstream/parse.ts";
import { report, reportError, type Outcome } from "./outcome.ts";
import { printable } from "./printable.ts";
import { commonCommand, openSession, type CommonOptions, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { readTextInput } from "./text_input.ts";

interface ImportOptions extends CommonOptions {
  readonly force: boolean;
}

interface NamedDraft {
  readonly name: string;
  readonly draft: UpstreamDraft;
}

interface Imported {
  readonly name: string;
  /** Undefined where it was so already. */
  readonly revision: number | undefined;
}

export function importCommand(terminal: Terminal): Command {
  return commonCommand("import", "print the names and revisions as JSON")
    .description("store the upstreams of an nginx file; each replaces the one of its name")
    .argument("<file>", "a file with upstream blocks, - for stdin")
    .option("--force", "also when a runtime uses one and no usable peer is left", false)
    .action(async (file: string, options: ImportOptions) => {
      const session = openSession(options, terminal);
      const drafts = readDrafts(await readTextInput(file));
      if (!drafts.ok) {
        reportError(drafts.error, options, terminal);
        return;
      }
      report(await store(session, drafts.value, options.force), importWords, options, terminal);
    });
}

/** Every upstream of a file, or the first that cannot be one: nothing is stored of a file that is wrong anywhere. */
function readDrafts(text: string): Result<NamedDraft[]> {
  const conf = parseConf(text, noPause);
  if (!conf.ok) return conf;
  const drafts: NamedDraft[] = [];
  for (const { name, body } of [...conf.value.statics, ...conf.value.dynamics]) {
    const draft = parseConfBody(body, noPause);
    if (!draft.ok) return failure(ofUpstream(name, draft.error));
    drafts.push({ name, draft: draft.value });
  }
  return success(drafts);
}

/** One change each. Where one is refused, those before it are stored, and the error names it. */
async function store(session: Session, drafts: readonly NamedDraft[], force: boolean): Promise<Result<Imported[]>> {
  const imported: Imported[] = [];
  for (const { name, draft } of drafts) {
    const change = { action: "add_upstream", name, force };
    const done = await session.change((context) => addUpstream(context, session.statics, change, draft));
    if (!done.ok) return failure(ofUpstream(name, done.error));
    imported.push({ name, revision: done.value.answer.isChanged ? done.value.revision : undefined });
  }
  return success(imported);
}

function importWords(imported: readonly Imported[]): Outcome {
  const lines = imported.map(({ name, revision }) =>
    revision === undefined
      ? `upstream ${printable(name)}: it is so already; nothing was changed`
      : `upstream ${printable(name)} stored (revision ${revision})`,
  );
  const data: JsonValue = imported.map(({ name, revision }) => object([["upstream", name], ["revision", revision]]));
  return { text: lines.length === 0 ? "there is no upstream in it" : lines.join("\n"), data };
}
