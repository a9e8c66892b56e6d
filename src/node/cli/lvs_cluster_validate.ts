import type { Command } from "commander";
import { claim, noClaims, type Claims } from "../lvs/inventory/claims.ts";
import type { KeySource } from "../lvs/inventory/model.ts";
import { parseClusters, type PlacedProblem } from "../lvs/inventory/parse.ts";
import { problemText, type InventoryProblem } from "../lvs/inventory/problem.ts";
import { readOspfKey } from "../lvs/store/ospf_key.ts";
import { readInventory, type StoredCluster } from "../lvs/store/reads.ts";
import { listWstypes } from "../lvs/store/wstypes.ts";
import { reportPlaced, reportPlacedWarnings } from "./lvs_cluster_input.ts";
import { inputText } from "./lvs_items.ts";
import { print, problemData, reportRefusal, reportWarnings } from "./lvs_report.ts";
import { lvsCommand } from "./lvs_session.ts";
import { refused } from "./outcome.ts";
import { printable } from "./printable.ts";
import { openSession, type CommonOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";
import { wrapped } from "./wrap.ts";

interface ValidateOptions extends CommonOptions {
  readonly stored: boolean;
}

export function validateCommand(terminal: Terminal): Command {
  return lvsCommand("validate")
    .summary("hold clusters against every rule")
    .description("hold clusters against every rule: those of files, or all that are stored; changes nothing")
    .argument("[file...]", "JSON (also relaxed), YAML or Python literals; - for stdin")
    .option("--stored", "hold the files against the stored clusters and wstypes, too", false)
    .action(async (files: readonly string[], options: ValidateOptions) => {
      if (files.length === 0) await validateStored(options, terminal);
      else await validateFiles(files, options, terminal);
    });
}

interface Surroundings {
  readonly claims: Claims;
  readonly wstypes: readonly string[] | undefined;
}

async function validateFiles(files: readonly string[], options: ValidateOptions, terminal: Terminal): Promise<void> {
  const texts = files.map((file) => ({ file: file === "-" ? "stdin" : file, text: inputText(file) }));
  const names = texts.flatMap(({ file, text }) => {
    const alone = parseClusters(file, text);
    return alone.ok ? alone.clusters.map(({ document }) => document.name) : [];
  });
  const around: Surroundings | undefined = options.stored ? await storedSurroundings(names, options, terminal) : { claims: noClaims(), wstypes: undefined };
  if (around === undefined) return;
  const parsed = texts.map(({ file, text }) => ({ file, result: parseClusters(file, text, around) }));
  const keys = parsed.flatMap(({ file, result }) =>
    result.ok ? result.clusters.map(({ cluster }) => keyFindings(file, cluster.ospf.keyFrom, terminal)) : [],
  );
  const problems = [...parsed.flatMap(({ result }) => (result.ok ? [] : result.problems)), ...keys.flatMap((one) => one.problems)];
  const warnings = [...parsed.flatMap(({ result }) => result.warnings), ...keys.flatMap((one) => one.warnings)];
  if (!options.json) reportPlacedWarnings(warnings, terminal);
  if (problems.length > 0) {
    reportPlaced(problems, options, terminal);
    return;
  }
  const count = names.length === 1 ? `cluster ${names[0] ?? ""} is valid` : `${names.length} clusters are valid`;
  print(count, { valid: true, clusters: names, warnings }, options, terminal);
}

/** What the stored clusters claim, but for those that the files would replace. */
async function storedSurroundings(replaced: readonly string[], options: CommonOptions, terminal: Terminal): Promise<Surroundings | undefined> {
  const session = openSession(options, terminal);
  const stored = await session.read(readInventory());
  const wstypes = await session.read(listWstypes());
  if (!stored.ok || !wstypes.ok) {
    for (const read of [stored, wstypes].filter((one) => !one.ok).slice(0, 1)) reportRefusal(read.error, options, terminal);
    return undefined;
  }
  const claims = noClaims();
  for (const { name, document } of stored.value) if (document !== undefined && !replaced.includes(name)) claim(claims, document, name);
  return { claims, wstypes: wstypes.value.map(({ name }) => name) };
}

interface Findings<T> {
  readonly problems: readonly T[];
  readonly warnings: readonly T[];
}

/** The md5 key, where it can be read on this machine; that it cannot is no fault of the cluster. */
function keyProblem(source: KeySource | undefined, terminal: Terminal): Findings<InventoryProblem> {
  const key = source === undefined ? undefined : readOspfKey(source, terminal.environment);
  if (key === undefined || key.ok) return { problems: [], warnings: [] };
  return key.problem.rule === "keyUnreadable" ? { problems: [], warnings: [key.problem] } : { problems: [key.problem], warnings: [] };
}

function keyFindings(file: string, source: KeySource | undefined, terminal: Terminal): Findings<PlacedProblem> {
  const { problems, warnings } = keyProblem(source, terminal);
  const placed = ({ rule, text }: InventoryProblem): PlacedProblem => ({ rule, text, file, line: 0, column: 0, path: "ospf.key_from" });
  return { problems: problems.map(placed), warnings: warnings.map(placed) };
}

async function validateStored(options: CommonOptions, terminal: Terminal): Promise<void> {
  const read = await openSession(options, terminal).read(readInventory());
  if (!read.ok) {
    reportRefusal(read.error, options, terminal);
    return;
  }
  const found = read.value.map((stored) => ({ stored, key: keyProblem(stored.cluster?.ospf.keyFrom, terminal) }));
  const results = found.map(({ stored, key }) => ({
    name: stored.name,
    problems: [...stored.problems, ...key.problems],
    warnings: [...stored.warnings, ...key.warnings],
  }));
  const broken = results.filter(({ problems }) => problems.length > 0);
  if (broken.length > 0) terminal.exitCode = refused;
  const data = { valid: broken.length === 0, clusters: results.map((one) => ({ name: one.name, problems: one.problems.map(problemData), warnings: one.warnings.map(problemData) })) };
  const lines = broken.flatMap(({ name, problems }) => problems.map((problem) => wrapped(printable(`${name}: ${problemText(problem)}`), 4)));
  const text = broken.length === 0 ? storedWords(read.value) : lines.join("\n");
  if (!options.json) for (const { name, warnings } of results) reportWarnings(name, warnings, terminal);
  print(text, data, options, terminal);
}

const storedWords = (stored: readonly StoredCluster[]): string =>
  stored.length === 0 ? "there are no clusters" : `${stored.length} stored ${stored.length === 1 ? "cluster is" : "clusters are"} valid`;
