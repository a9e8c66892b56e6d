import type { LocatedProblem, Problem } from "../../config/problem.ts";
import { pathText } from "../../config/problem.ts";
import { readSource, type SourceResult } from "../../config/source.ts";
import { parseLiteral, type Literal } from "./literal.ts";
import { skipSpace, type Cursor } from "./literal_tokens.ts";

/** Far beyond the largest cluster; a larger file is not one. */
const longestText = 8 * 1024 * 1024;

/**
 * Reads a text that still knows where each value stands: one that begins with a bracket as JSON in its relaxed forms
 * or Python's literals, any other as YAML. `file` is only named in problems.
 */
export function readInventorySource(file: string, text: string): SourceResult {
  if (text.length > longestText) {
    return { ok: false, problems: [{ file, line: 0, column: 0, path: "", text: `is larger than ${longestText} characters` }] };
  }
  const cursor: Cursor = { text, at: 0, reason: undefined };
  skipSpace(cursor);
  return /^[{[(]$/.test(text.charAt(cursor.at)) ? readLiteral(file, text) : readSource(file, text);
}

function readLiteral(file: string, text: string): SourceResult {
  const parsed = parseLiteral(text);
  if (!parsed.ok) return { ok: false, problems: [{ file, ...placeOf(text, parsed.at), path: "", text: parsed.reason }] };
  const { literal } = parsed;
  return {
    ok: true,
    source: {
      file,
      value: literal.value,
      locate: (problem): LocatedProblem => ({
        file,
        ...placeOf(text, offsetOf(literal, problem)),
        path: pathText(problem.path),
        text: problem.text,
      }),
    },
  };
}

/** The place of the path's last step, or of the nearest thing around it that is in the text. */
function offsetOf(root: Literal, { path, at }: Problem): number {
  let literal = root;
  for (const [index, step] of path.entries()) {
    const part = literal.parts?.get(step);
    if (part === undefined) break;
    if (at === "key" && index === path.length - 1) return part.keyAt;
    literal = part.literal;
  }
  return literal.at;
}

/** Both count from 1. */
function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
