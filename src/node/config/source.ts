import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from "yaml";
import type { LocatedProblem, Problem } from "./problem.ts";
import { pathText } from "./problem.ts";

/** A YAML file that still knows where each value stands. */
export interface ConfigSource {
  readonly file: string;
  readonly value: unknown;
  locate(problem: Problem): LocatedProblem;
}

export type SourceResult =
  | { readonly ok: true; readonly source: ConfigSource }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] };

/** Reads one YAML document. Refuses what YAML refuses, double keys and unknown tags too; each with its place. */
export function readSource(file: string, text: string): SourceResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const placed = (offset: number, message: string): LocatedProblem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, path: "", text: message };
  };
  const problems = [...document.errors, ...document.warnings].map((error) =>
    placed(error.pos[0], error.code === "DUPLICATE_KEY" ? doubleKey(text, error.pos[0]) : `not YAML: ${error.message}`),
  );
  visit(document, {
    Pair: (_key, pair) => {
      // JavaScript would take it for something else than a key, and drop it without a word.
      if (!isScalar(pair.key) || pair.key.value !== "__proto__") return;
      problems.push(placed(pair.key.range?.[0] ?? 0, 'the key "__proto__" is not possible'));
    },
    Alias: (_key, alias) => {
      if (alias.resolve(document) === undefined) problems.push(placed(alias.range?.[0] ?? 0, unknownAlias(alias.source)));
    },
  });
  if (problems.length > 0) return { ok: false, problems };

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { ok: false, problems: [placed(0, `not YAML: ${error instanceof Error ? error.message : String(error)}`)] };
  }
  return {
    ok: true,
    source: {
      file,
      value,
      locate: (problem) => {
        const { line, col } = lines.linePos(offsetOf(document, problem));
        return { file, line, column: col, path: pathText(problem.path), text: problem.text };
      },
    },
  };
}

const unknownAlias = (name: string): string =>
  `there is no anchor &${name}; in YAML, text that begins with * must be in quotes: "*${name}"`;

function doubleKey(text: string, offset: number): string {
  const key = /^[^\s:]*/.exec(text.slice(offset))?.[0] ?? "";
  return `the key ${key} is there twice`;
}

/** The place of the path's last step, or of the nearest thing around it that is in the file. */
function offsetOf(document: Document, problem: Problem): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of problem.path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const next = childOf(node, step);
    if (next === null) break;
    const wantsKey = problem.at === "key" && index === problem.path.length - 1;
    offset = (wantsKey ? next.keyOffset : startOf(next.node)) ?? next.keyOffset ?? offset;
    node = next.node;
  }
  return offset;
}

function childOf(node: unknown, step: string | number): { node: unknown; keyOffset: number | undefined } | null {
  if (isSeq(node)) {
    const item: unknown = typeof step === "number" ? node.items[step] : undefined;
    return item === undefined ? null : { node: item, keyOffset: startOf(item) };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find((entry) => isScalar(entry.key) && String(entry.key.value) === String(step));
  return pair === undefined ? null : { node: pair.value, keyOffset: startOf(pair.key) };
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? (node as Node).range?.[0] : undefined);
